import type { TrainingConfig } from '../config/training.js'
import type { VideoDataset } from '../data/dataset.js'
import { hostRandom } from '../random.js'
import { makeBatch, type Batch } from './batch.js'
import { epochOrder } from './epoch-order.js'
import { readItem, type TrainingItem } from './item.js'

type BatchOptions = Pick<
  TrainingConfig,
  'batch_size' | 'microbatch' | 'max_frames' | 'pad_with_random_frames' | 'seed'
>

/**
 * The batch of each step, cut into micro-batches. A function of the seed and the step alone, so that a
 * resumed run sees what it would have seen. Each step takes one batch of the epoch's order to train on and,
 * where padding is random frames, the next one to pad with.
 * @throws UserError if the data set has fewer videos than a batch.
 */
export function batchSource(
  dataset: VideoDataset,
  config: BatchOptions,
): (step: number) => Promise<readonly Batch[]> {
  const { batch_size: batchSize, max_frames: maxFrames, pad_with_random_frames: padRandomly, seed } = config
  const videosOf = epochOrder(dataset.length, batchSize, seed)
  return async (step) => {
    const videos = videosOf(padRandomly ? 2 * step : step)
    const paddingVideos = padRandomly ? videosOf(2 * step + 1) : []
    const read = videos.map((video, b) => {
      const paddingVideo = paddingVideos[b]
      const random = hostRandom(seed, 'item', step, b)
      return readItem({
        dataset,
        video,
        maxFrames,
        random,
        ...(paddingVideo === undefined ? {} : { paddingVideo }),
      })
    })
    const items = await Promise.all(read)
    const length = commonLength(items, Math.min(maxFrames, dataset.T))
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
function commonLength(items: readonly TrainingItem[], most: number): number {
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
