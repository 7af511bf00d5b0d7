import { UserError } from '../errors.js'
import { hostRandom } from '../random.js'

/**
 * Which videos are in which batch: every epoch is a new random order of all videos, cut into batches; what
 * is left at its end is dropped. A function of its arguments alone, so that a resumed run needs no position.
 * @throws UserError if the data set does not fill one batch.
 */
export function epochOrder(
  numVideos: number,
  batchSize: number,
  seed: number,
): (batch: number) => readonly number[] {
  const perEpoch = Math.floor(numVideos / batchSize)
  if (perEpoch === 0)
    throw new UserError(
      `--batch_size ${batchSize} is more than the ${numVideos} there are to train on: use a smaller one`,
    )
  let current = { epoch: -1, order: [] as readonly number[] }
  return (batch) => {
    const epoch = Math.floor(batch / perEpoch)
    if (current.epoch !== epoch) current = { epoch, order: shuffled(numVideos, seed, epoch) }
    const first = (batch % perEpoch) * batchSize
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
