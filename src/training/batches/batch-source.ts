import type { TrainingConfig } from '../../config/training.js'
import type { VideoDataset } from '../../data/dataset.js'
import { makeBatch, type Batch } from './batch.js'
import { WHOLE_BATCH, type BatchShare } from './epoch-order.js'
import { drawItem, readItem } from './item.js'
import { itemRequests, type ItemOptions } from './item-requests.js'

type BatchOptions = ItemOptions & Pick<TrainingConfig, 'microbatch'>

/**
 * The batch of each step, cut into micro-batches. A function of the seed and the step alone, so that a
 * resumed run sees what it would have seen.
 * @param config `batch_size` and `microbatch` count the videos of one process
 * @param share of several processes: each reads its own part of what one process with so many times the
 *   batch size would read, and gets exactly that part of its batch, row for row
 * @throws UserError if the data set has fewer videos than a batch.
 */
export function batchSource(
  dataset: VideoDataset,
  config: BatchOptions,
  { rank, ranks }: BatchShare = WHOLE_BATCH,
): (step: number) => Promise<readonly Batch[]> {
  const { max_frames: maxFrames, pad_with_random_frames: padRandomly } = config
  const requestsOf = itemRequests(dataset, config, ranks)
  const others = Array.from({ length: ranks }, (_, share) => share).filter((share) => share !== rank)
  if (others.length === ranks) throw new RangeError(`rank ${rank} of ${ranks}`)
  return async (step) => {
    const items = await Promise.all(requestsOf(step, rank).map(readItem))
    // How long the others' are; with random padding all are equally long.
    const drawn = padRandomly ? [] : others.flatMap((share) => requestsOf(step, share).map(drawItem))
    const length = commonLength([...items, ...drawn], Math.min(maxFrames, dataset.T))
    const size = microBatchSize(config)
    return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
      makeBatch(items.slice(i * size, (i + 1) * size), padRandomly, length),
    )
  }
}

/**
 * That of the longest, or somewhat more: a quarter, a half, three quarters or all of what may be, so that a few
 * recordings of the compiled step serve all lengths. What is added is padding, which nothing looks at.
 */
function commonLength(items: readonly { readonly length: number }[], most: number): number {
  const longest = Math.max(...items.map((item) => item.length))
  return Math.ceil((Math.ceil((4 * longest) / most) * most) / 4)
}

/** Videos whose gradients are computed at once: -1 stands for the whole batch. */
function microBatchSize({
  microbatch,
  batch_size: batchSize,
}: Pick<BatchOptions, 'microbatch' | 'batch_size'>) {
  return microbatch === -1 ? batchSize : Math.min(microbatch, batchSize)
}
