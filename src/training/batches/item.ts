import type { VideoDataset } from '../../data/dataset.js'
import { UserError } from '../../errors.js'
import type { HostRandom } from '../../random.js'
import { sampleTask, type Task } from './task-sampling.js'

/** One row of a batch before it is brought to the length of the others. */
export interface TrainingItem {
  /** (rows, H, W, 3), uint8: the task's frames in ascending order, then padding. */
  readonly pixels: Uint8Array
  readonly imageSize: number
  /** Of each row: its position in the window it comes from. */
  readonly positions: readonly number[]
  /** Of each row: whether it is given, to be predicted, or neither: padding. */
  readonly roles: readonly ('observed' | 'latent' | 'padding')[]
  /** Rows the batch must have for this item; the last row is repeated if it has more. */
  readonly length: number
}

/** Where an item's frames come from. */
export interface ItemSource {
  /** Position of the video in its data set. */
  readonly video: number
  /** What a person knows it by. */
  readonly name?: string
  /** First frame of the window. */
  readonly start: number
  /** The video that padding frames come from, where that is another one. */
  readonly paddingVideo?: number
}

export interface ItemRequest {
  readonly dataset: VideoDataset
  readonly video: number
  /** The video that padding comes from; without it, padding is the window's own frame 0. */
  readonly paddingVideo?: number
  /** K: most frames the network takes at once. */
  readonly maxFrames: number
  readonly random: HostRandom
  /** What to observe and predict, instead of a random task in a random window: the window is the first. */
  readonly task?: Task
}

/** What an item is to hold, before anything is read. */
export interface DrawnItem {
  /** First frame of the window. */
  readonly start: number
  readonly observed: ReadonlySet<number>
  /** Of the observed and latent frames: their positions in the window, ascending. */
  readonly positions: readonly number[]
  readonly padding: { readonly video: number; readonly start: number; readonly positions: readonly number[] }
  /** As a `TrainingItem`'s. */
  readonly length: number
}

/** Draws a window of T frames, a task in it, and padding; reads nothing. */
export function drawItem(request: ItemRequest): DrawnItem {
  const { dataset, video, paddingVideo, maxFrames, random } = request
  const { T } = dataset
  const start = request.task ? 0 : windowStart(dataset, video, random)
  const task = request.task ?? sampleTask(random, T, maxFrames)
  const positions = [...task.observed, ...task.latent].sort((a, b) => a - b)
  const full = Math.min(maxFrames, T)
  const padding =
    paddingVideo === undefined
      ? { video, start, positions: [0] }
      : {
          video: paddingVideo,
          start: windowStart(dataset, paddingVideo, random),
          positions: Array.from({ length: full - positions.length }, () => random.integer(0, T)),
        }
  const length = paddingVideo === undefined ? positions.length : full
  return { start, observed: new Set(task.observed), positions, padding, length }
}

/**
 * Draws a window of T frames and a task in it, and reads the frames it needs and no others.
 * @throws UserError from the data set, naming the file; if what it gives is of another size.
 */
export async function readItem(request: ItemRequest): Promise<TrainingItem> {
  const { dataset, video } = request
  const { start, observed, positions, padding, length } = drawItem(request)
  const [own, other] = await Promise.all([
    readWindow(dataset, { video, start, positions }),
    readWindow(dataset, padding),
  ])
  const pixels = new Uint8Array(own.length + other.length)
  pixels.set(own)
  pixels.set(other, own.length)
  return {
    pixels,
    imageSize: dataset.imageSize,
    positions: [...positions, ...padding.positions],
    roles: [
      ...positions.map((position) => (observed.has(position) ? 'observed' : 'latent')),
      ...padding.positions.map(() => 'padding' as const),
    ],
    length,
  }
}

/** Where an item's frames come from, known without reading them. */
export function itemSource(request: ItemRequest): ItemSource {
  const { dataset, video, paddingVideo } = request
  const name = dataset.nameOf?.(video)
  return {
    video,
    start: drawItem(request).start,
    ...(name === undefined ? {} : { name }),
    ...(paddingVideo === undefined ? {} : { paddingVideo }),
  }
}

/** A training item is a random window of a video; a test item is its first. */
function windowStart(dataset: VideoDataset, video: number, random: HostRandom): number {
  return dataset.split === 'test' ? 0 : random.integer(0, dataset.frameCount(video) - dataset.T + 1)
}

async function readWindow(
  dataset: VideoDataset,
  window: { readonly video: number; readonly start: number; readonly positions: readonly number[] },
): Promise<Uint8Array> {
  const { video, start, positions } = window
  if (positions.length === 0) return new Uint8Array(0)
  const frames = positions.map((position) => start + position)
  const pixels = await dataset.readFrames(video, frames)
  // A data set may be a program's own: frames that are missing would be trained on as black ones.
  const bytes = frames.length * dataset.imageSize ** 2 * 3
  if (!(pixels instanceof Uint8Array) || pixels.length !== bytes)
    throw new UserError(
      `what ${dataset.name} gave for ${frames.length} frames of video ${video} is no Uint8Array of ${bytes} values`,
    )
  return pixels
}
