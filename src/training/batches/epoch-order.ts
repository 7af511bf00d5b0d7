import { UserError } from '../../errors.js'
import { hostRandom } from '../../random.js'

/** Which part of the processes' common batch is a process's own. */
export interface BatchShare {
  /** 0 <= rank < ranks. */
  readonly rank: number
  /** How many processes train together. */
  readonly ranks: number
}

/** The share of a process that trains alone. */
export const WHOLE_BATCH: BatchShare = { rank: 0, ranks: 1 }

/**
 * Which videos are in which batch: every epoch is a new random order of all videos, cut into batches; what
 * is left at its end is dropped. A function of its arguments alone, so that a resumed run needs no position.
 * @param batchSize videos of one process
 * @param share of several processes each gets its part, in the order of ranks, of batches that are as many
 *   times as large
 * @throws UserError if the data set does not fill one batch.
 */
export function epochOrder(
  numVideos: number,
  batchSize: number,
  seed: number,
  { rank, ranks }: BatchShare = WHOLE_BATCH,
): (batch: number) => readonly number[] {
  if (!(Number.isInteger(rank) && rank >= 0 && rank < ranks)) throw new RangeError(`rank ${rank} of ${ranks}`)
  const common = batchSize * ranks
  const perEpoch = Math.floor(numVideos / common)
  if (perEpoch === 0)
    throw new UserError(
      `--batch_size ${batchSize}${ranks > 1 ? ` in each of ${ranks} processes` : ''} is more than ` +
        `the ${numVideos} there are to train on: use a smaller one`,
    )
  let current = { epoch: -1, order: [] as readonly number[] }
  return (batch) => {
    const epoch = Math.floor(batch / perEpoch)
    if (current.epoch !== epoch) current = { epoch, order: shuffled(numVideos, seed, epoch) }
    const first = (batch % perEpoch) * common + rank * batchSize
    return current.order.slice(first, first + batchSize)
  }
}

/** Fisher and Yates. */
function shuffled(n: number, seed: number, epoch: number): readonly number[] {
  const random = hostRandom(seed, 'epoch', epoch)
  const order = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(0, i + 1)
    const [a, b] = [order[i] ?? 0, order[j] ?? 0]
    order[i] = b
    order[j] = a
  }
  return order
}
