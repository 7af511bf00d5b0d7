import { runtimeOptions, type RuntimeConfig } from '../config/runtime-options.js'
import { UserError } from '../errors.js'
import { compileSettings, settingsAsked } from '../runtime/compile-settings.js'
import { tf } from '../runtime/tf.js'

/**
 * Makes sure that a run computes as its configuration says, which its checkpoints record. The precision is compared
 * with what was asked of `startRuntime`: where that does not work it is replaced, which is no fault of the run.
 * @throws UserError for another precision or backend, for XLA that was not asked for, and for XLA against the
 * configuration's word.
 */
export function requireRuntime(config: RuntimeConfig): void {
  const wanted = runtimeOptions(config)
  const asked = settingsAsked()
  if (wanted.precision !== asked.precision) throw differs('precision', wanted.precision, asked.precision)
  const usesXla = compileSettings().xla
  if (wanted.xla === 'on' && asked.xla !== 'on' && !usesXla) throw differs('xla', 'on', asked.xla)
  if (wanted.xla === 'off' && usesXla) throw differs('xla', 'off', asked.xla)
  if (wanted.backend !== 'auto' && wanted.backend !== tf.getBackend())
    throw differs('backend', wanted.backend, tf.getBackend())
}

function differs(option: string, wanted: string, started: string): UserError {
  return new UserError(
    `the configuration asks for ${option} ${wanted}, but the runtime was started with ${started}: ` +
      'call startRuntime(runtimeOptions(config)) before train',
  )
}
