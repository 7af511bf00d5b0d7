import { createHash } from 'node:crypto'
import { UserError } from '../errors.js'
import type { Parameters } from '../nn/scope.js'
import { numbersOfRanks, type RankGroup } from '../runtime/rank-group.js'

/** Bytes of a hash that are compared: float32 holds three bytes exactly. */
const HASH_BYTES = 9

/**
 * Checks that all ranks have the same parameters, bit for bit, by a hash.
 * @param step updates done
 * @throws UserError naming the step and the ranks that differ from rank 0, at every rank.
 */
export async function checkSameParameters(ranks: RankGroup, params: Parameters, step: number): Promise<void> {
  const hash = createHash('sha256')
  for (const tensor of params.values()) {
    const { buffer, byteOffset, byteLength } = await tensor.data<'float32'>()
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  const bytes = hash.digest()
  const numbers = Array.from({ length: HASH_BYTES / 3 }, (_, i) => bytes.readUIntBE(3 * i, 3))
  const differing = differingRanks(await numbersOfRanks(ranks, numbers))
  if (differing.length > 0)
    throw new UserError(
      `after step ${step} the parameters of rank ${differing.join(', ')} are not those of rank 0: ` +
        'nothing of this step is saved; do all machines have the same processor, GPU and TensorFlow?',
    )
}

/** Of lists of numbers, one per rank, those that are not the first. */
export function differingRanks(all: readonly (readonly number[])[]): number[] {
  return all.flatMap((own, rank) => (own.every((value, i) => value === all[0]?.[i]) ? [] : [rank]))
}
