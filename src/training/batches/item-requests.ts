import type { TrainingConfig } from '../../config/training.js'
import type { VideoDataset } from '../../data/dataset.js'
import { hostRandom } from '../../random.js'
import { epochOrder } from './epoch-order.js'
import type { ItemRequest } from './item.js'

export type ItemOptions = Pick<
  TrainingConfig,
  'batch_size' | 'max_frames' | 'pad_with_random_frames' | 'seed'
>

/**
 * What each step's batch is made of, a function of the seed and the step alone. A step takes one batch of the
 * epoch's order to train on and, where padding is random frames, the next one to pad with.
 * @param config `batch_size` counts the videos of one process
 * @param ranks processes that share each batch
 * @returns the requests of a step for one of them
 * @throws UserError if the data set has fewer videos than a batch.
 */
export function itemRequests(
  dataset: VideoDataset,
  config: ItemOptions,
  ranks: number,
): (step: number, rank: number) => readonly ItemRequest[] {
  const { batch_size: batchSize, max_frames: maxFrames, pad_with_random_frames: padRandomly, seed } = config
  const shares = Array.from({ length: ranks }, (_, rank) =>
    epochOrder(dataset.length, batchSize, seed, { rank, ranks }),
  )
  return (step, rank) => {
    const videosOf = shares[rank] ?? (() => [])
    const paddingVideos = padRandomly ? videosOf(2 * step + 1) : []
    return videosOf(padRandomly ? 2 * step : step).map((video, b) => {
      const paddingVideo = paddingVideos[b]
      const random = hostRandom(seed, 'item', step, rank * batchSize + b)
      return { dataset, video, maxFrames, random, ...(paddingVideo === undefined ? {} : { paddingVideo }) }
    })
  }
}
