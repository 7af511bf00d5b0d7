import { findTensorFlow } from '../src/runtime/find-tensorflow.js'
import { graphicsCards } from '../src/runtime/devices.js'
import type { RankGroup } from '../src/runtime/rank-group.js'
import type { RuntimeOptions } from '../src/runtime/start.js'
import { visibleEntries } from '../src/runtime/visible-cards.js'
import type { RankPlace } from '../src/ranks/launcher.js'
import { meet } from '../src/ranks/meet.js'
import { packageVersion } from './package-version.js'

/** Seconds that a rank waits in a sum for others that are alive: one may record a new shape meanwhile. */
const PATIENCE = 600

/** This process among the ranks, once they know of each other. */
export interface JoinedRanks<T> {
  readonly group: RankGroup
  /** What rank 0 told all. */
  readonly message: T
  /** How this rank's runtime is to be started. */
  readonly runtime: Pick<RuntimeOptions, 'cluster' | 'device'>
  /** To be awaited when the runtime is started, before anything is computed together. */
  readonly ready: () => Promise<void>
}

/**
 * Meets the other ranks.
 * @param message what rank 0 tells all
 * @throws UserError if they do not come.
 */
export async function joinRanks<T>(
  place: RankPlace,
  message: T | undefined,
  signal: AbortSignal,
): Promise<JoinedRanks<T>> {
  const { rank, size, localRank } = place
  const meeting = await meet<T>(place, message, { version: packageVersion(), signal })
  const patience = Number(process.env.FDM_RANK_PATIENCE) || PATIENCE
  const cards = visibleCards()
  return {
    group: { rank, size, tasks: meeting.tasks, patience },
    message: meeting.message,
    runtime: {
      cluster: { tasks: meeting.tasks, rank },
      ...(cards > 0 && { device: `cuda:${localRank % cards}` }),
    },
    ready: () => meeting.ready(),
  }
}

/** GPUs that this process may use, if TensorFlow can. */
export function visibleCards(): number {
  if (findTensorFlow()[0]?.cuda !== true) return 0
  const { CUDA_VISIBLE_DEVICES: visible } = process.env
  // Without the driver's tool, such as in a container, the list is taken at its word.
  return graphicsCards().length || (visible === undefined ? 0 : visibleEntries(visible).length)
}
