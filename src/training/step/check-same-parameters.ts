import { UserError } from '../../errors.js'
import { parametersDigest } from '../../model/parameters-digest.js'
import type { Parameters } from '../../nn/scope.js'
import { differingRanks } from '../../runtime/differing-ranks.js'
import type { RankGroup } from '../../runtime/rank-group.js'

/**
 * Checks that all ranks have the same parameters, bit for bit, by a hash.
 * @param step updates done
 * @throws UserError naming the step and the ranks that differ from rank 0, at every rank.
 */
export async function checkSameParameters(ranks: RankGroup, params: Parameters, step: number): Promise<void> {
  const differing = await differingRanks(ranks, await parametersDigest(params))
  if (differing.length > 0)
    throw new UserError(
      `after step ${step} the parameters of rank ${differing.join(', ')} are not those of rank 0: ` +
        'nothing of this step is saved; do all machines have the same processor, GPU and TensorFlow?',
    )
}
