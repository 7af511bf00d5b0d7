import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import { JOB_VARIABLE, launchedRank, type RankPlace } from '../src/ranks/launcher.js'
import { findTensorFlow } from '../src/runtime/find-tensorflow.js'
import { visibleCards } from './join-ranks.js'
import { endWithParent, superviseRanks } from './supervise-ranks.js'
import type { Terminal } from './terminal.js'

interface Launch {
  /** Ranks asked for; undefined for what a launcher says. */
  readonly devices: number | undefined
  readonly dryRun: boolean
  readonly backend: string
  /** Called before ranks are started: what is wrong with the options is said once then, and at once. */
  readonly check: () => void
}

/**
 * What this process is: one of several ranks, undefined for one on its own, or the one that starts them,
 * which has done its work then.
 * @throws UserError if a launcher and `devices` disagree, or ranks cannot compute together here.
 */
export async function placeOrSupervise(
  { devices, dryRun, backend, check }: Launch,
  terminal: Terminal,
): Promise<RankPlace | 'supervised' | undefined> {
  const isStarted = process.env[JOB_VARIABLE] !== undefined && process.env.RANK !== undefined
  const place = devices === 1 || dryRun ? undefined : launchedRank(process.env)
  if (!place && (devices === undefined || devices === 1)) return undefined
  if (isStarted) endWithParent()
  else if (place && devices !== undefined)
    throw new UserError(
      `--devices ${devices} and a launcher that has started ${counted(place.size, 'process', 'processes')}: leave --devices out`,
    )
  if (backend === 'wasm')
    throw new UserError('WebAssembly computes on one device: several need --backend tensorflow')
  if (findTensorFlow()[0]?.origin !== 'setup')
    throw new UserError(
      'several devices need the TensorFlow that "npx fdm setup" provides, and no tfjs-node that is installed besides',
    )
  if (place || dryRun) return place
  check()
  await superviseRanks(
    { devices: devices ?? 1, words: process.argv.slice(2), cards: visibleCards() },
    terminal,
  )
  return 'supervised'
}
