import type { VideoDataset } from '../../data/dataset.js'
import { itemSource, type ItemSource } from './item.js'
import { itemRequests, type ItemOptions } from './item-requests.js'

/**
 * Where the videos of each step's whole batch come from, those of other ranks included: nothing is read for that.
 * @param ranks processes that share each batch
 * @throws UserError if the data set has fewer videos than a batch.
 */
export function batchVideos(
  dataset: VideoDataset,
  config: ItemOptions,
  ranks: number,
): (step: number) => readonly ItemSource[] {
  const requestsOf = itemRequests(dataset, config, ranks)
  return (step) => Array.from({ length: ranks }, (_, rank) => requestsOf(step, rank).map(itemSource)).flat()
}
