import { LostWork } from '../../errors.js'
import { numbersOfRanks, type RankGroup } from '../../runtime/rank-group.js'

/** What rank 0 tells the others where it cannot save, and ends. */
const FAILED = -1

/**
 * Saves on rank 0, while the others wait however long that takes, and tells all what came of it, so that they stay
 * in step.
 * @param save on rank 0 saves, or gives the steps after which all are to come here again; nothing elsewhere
 * @returns that number at every rank
 * @throws what `save` throws; LostWork at the other ranks then.
 */
export async function saveOnFirstRank(
  ranks: RankGroup,
  step: number,
  save: () => Promise<number>,
): Promise<number> {
  let failure: unknown
  const own = await save().catch((error: unknown) => {
    failure = error
    return FAILED
  })
  const [[common = FAILED] = []] = await numbersOfRanks(ranks, [own], 0)
  if (own === FAILED) throw failure
  if (common === FAILED) throw new LostWork(`rank 0 could not save step ${step}`)
  return common
}
