import { emaRates } from '../../config/training.js'
import { createModel } from '../../model/video-model.js'
import { fromFirstRank, valueFromFirstRank, type RankGroup } from '../../runtime/rank-group.js'
import { packingOf, packState, unpackState } from '../step/packed-state.js'
import { disposeState, flattenState, initialState, unflattenState, type TrainingState } from '../step/state.js'
import { tidyState } from '../step/tidy-state.js'
import type { StartingPoint } from './resume.js'
import type { ResolvedTrainConfig } from './save-checkpoint.js'

/**
 * Where all ranks start: where rank 0 does, with optimizer and averages, bit for bit. The others need no
 * checkpoint.
 * @param start rank 0's, owned by this function; none elsewhere
 */
export async function shareStart(
  ranks: RankGroup,
  start: StartingPoint | undefined,
  config: ResolvedTrainConfig,
): Promise<StartingPoint> {
  const { state: own, ...rest } = start ?? { state: undefined }
  const state = shareState(ranks, own ?? emptyState(config))
  return { ...(await valueFromFirstRank(ranks, rest as Omit<StartingPoint, 'state'>)), state }
}

function shareState(ranks: RankGroup, own: TrainingState): TrainingState {
  const packing = packingOf(own.params)
  const packed = packState(own, packing)
  disposeState(own)
  const shared = unflattenState(
    flattenState(packed).map((tensor) => fromFirstRank(ranks, tensor)),
    [...packed.params.keys()],
  )
  disposeState(packed)
  const state = unpackState(shared, packing)
  disposeState(shared)
  return state
}

/** A state of the right shapes. */
function emptyState(config: ResolvedTrainConfig): TrainingState {
  const fresh = () => createModel(config, { seed: config.seed }).parameters
  return tidyState(() => ({ state: initialState(fresh(), emaRates(config).length) })).state
}
