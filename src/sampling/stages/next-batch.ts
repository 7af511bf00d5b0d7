import { runsCompiled } from '../../runtime/compile.js'
import type { Stage } from '../../schemes/types.js'
import type { VideoInProgress } from './video-in-progress.js'

/** A video that is not done. */
export type UnfinishedVideo = VideoInProgress & { readonly next: NonNullable<VideoInProgress['next']> }

/**
 * Which of some videos to sample together. Their stages need not be the same, only condition on as many
 * frames and sample as many: frames of padding would be part of the network's statistics, and a video must
 * not depend on its batch.
 * @returns as many as possible, in their order; none if all are done
 */
export function nextBatch<V extends VideoInProgress>(videos: readonly V[]): (V & UnfinishedVideo)[] {
  const bySize = new Map<string, (V & UnfinishedVideo)[]>()
  for (const video of videos.filter(isUnfinished)) {
    const size = `${video.next.observed.length} ${video.next.latent.length}`
    bySize.set(size, [...(bySize.get(size) ?? []), video])
  }
  return [...bySize.values()].reduce((most, batch) => (batch.length > most.length ? batch : most), [])
}

/**
 * How many rows to give the network for some videos. Where steps are compiled, not every number of videos
 * gets a recording of its own: the next power of two, or the whole batch.
 */
export function rowsFor(videos: number, batchSize: number): number {
  if (!runsCompiled()) return videos
  return Math.min(batchSize, 2 ** Math.ceil(Math.log2(videos)))
}

/** K: frames that the network takes in a stage. */
export const sizeOf = ({ observed, latent }: Stage): number => observed.length + latent.length

function isUnfinished<V extends VideoInProgress>(video: V): video is V & UnfinishedVideo {
  return video.next !== undefined
}
