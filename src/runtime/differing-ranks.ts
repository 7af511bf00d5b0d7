import { numbersOfRanks, type RankGroup } from './rank-group.js'

/** Bytes of a hash that are compared: float32 holds three bytes exactly. */
const HASH_BYTES = 9

/**
 * The ranks whose hash is not rank 0's, the same list at every rank.
 * @param hash at least 9 bytes
 */
export async function differingRanks(ranks: RankGroup, hash: Buffer): Promise<readonly number[]> {
  const numbers = Array.from({ length: HASH_BYTES / 3 }, (_, i) => hash.readUIntBE(3 * i, 3))
  return notAsTheFirst(await numbersOfRanks(ranks, numbers))
}

/** Of lists of numbers, one per rank, those that are not the first. */
export function notAsTheFirst(all: readonly (readonly number[])[]): readonly number[] {
  return all.flatMap((own, rank) => (own.every((value, i) => value === all[0]?.[i]) ? [] : [rank]))
}
