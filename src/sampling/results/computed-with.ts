import { compileSettings } from '../../runtime/compile-settings.js'
import { tf } from '../../runtime/tf.js'

/** What the numbers of samples depend on, besides all that is asked for. */
export interface ComputedWith {
  readonly backend: string
  readonly precision: string
  readonly xla: 'on' | 'off'
}

/**
 * What computes in this process, and how: not what was asked for, of which `auto` leaves it open and not every
 * backend can do all. Backends draw different noise from the same seed. The runtime must have been started.
 */
export function computedWith(): ComputedWith {
  const { precision, xla } = compileSettings()
  return { backend: tf.getBackend(), precision, xla: xla ? 'on' : 'off' }
}
