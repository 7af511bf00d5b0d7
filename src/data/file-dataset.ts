import { statSync } from 'node:fs'
import path from 'node:path'
import { counted } from '../counted.js'
import { UserError } from '../errors.js'
import type { VideoDataset, VideoEntry } from './dataset.js'
import { frameReader, type FrameReader, type FrameSource } from './frame-reader.js'
import { openVideoFile, type VideoFile } from './video-file.js'

/** A file of raw frames. */
export interface SourceFile {
  readonly file: string
  /** The video as a person knows it, where `file` was made from it. */
  readonly video?: string
}

/** A video that cannot be used. */
export interface BadVideo {
  readonly video: string
  /** One line that names the file. */
  readonly reason: string
}

/** Videos of a data set cannot be used, while others may. */
export class BadVideoError extends UserError {
  override readonly name = 'BadVideoError'
}

export interface FileDatasetOptions {
  readonly name: string
  readonly split: 'train' | 'test'
  readonly T: number
  readonly imageSize: number
  /** One video each, .npy or .pt, in the data set's order. */
  readonly files: readonly SourceFile[]
  readonly source: FrameSource
  /** Every n-th frame of a file is one of the video; 1 by default. */
  readonly stride?: number
  /** Told of videos that cannot be used, which are then left out; without it they are errors. */
  readonly onBad?: ((bad: BadVideo) => void) | undefined
}

/** Of many bad videos so many are named. */
const MOST_NAMED = 5

/**
 * A data set of one file of raw frames per video.
 * Every file is opened here, so that one that does not fit is found before hours of training, not after;
 * frames are read on demand.
 * @throws UserError naming the files that cannot be read, have another frame size, or are shorter than T; if
 *   none is left.
 */
export function fileDataset(options: FileDatasetOptions): VideoDataset {
  const { name, split, T, imageSize, source, stride = 1 } = options
  const opened = options.files.map((file) => openSource(file, options))
  const bad = opened.flatMap((video) => ('reason' in video ? [video] : []))
  const good = opened.flatMap((video) => ('reason' in video ? [] : [video]))
  if (options.onBad) for (const video of bad) options.onBad(video)
  else if (bad.length > 0) {
    const message = describe(bad, opened.length)
    throw good.length > 0 ? new BadVideoError(message) : new UserError(message)
  }
  if (good.length === 0) throw new UserError(`data set ${name} has no ${split} videos that can be used`)
  const files = good.map(({ file }) => file)
  const counts = good.map(({ raw }) => Math.ceil(raw.frames / stride))
  const videos = good.map(({ file, raw }) => entryOf(file, raw))
  const description = { name, split, T, imageSize, files, counts, videos, source, stride }
  return dataset(
    description,
    frameReader(
      source,
      good.map(({ raw }) => raw),
    ),
  )
}

/**
 * The same data set read in another way.
 * @returns undefined for a data set that was not made by `fileDataset`
 */
export function readThrough(
  original: VideoDataset,
  makeReader: (source: FrameSource) => FrameReader,
): VideoDataset | undefined {
  const made = descriptions.get(original)
  return made && dataset(made, makeReader(made.source))
}

interface Description extends Omit<FileDatasetOptions, 'onBad'> {
  /** Frames of each video. */
  readonly counts: readonly number[]
  readonly videos: readonly VideoEntry[]
  readonly stride: number
}

/** What data sets were made of. */
const descriptions = new WeakMap<VideoDataset, Description>()

function dataset(description: Description, read: FrameReader): VideoDataset {
  const { name, split, T, imageSize, files, counts, videos, stride } = description
  const frameCount = (index: number) => {
    const count = counts[index]
    if (count === undefined) throw new RangeError(`video ${index} of ${counts.length}`)
    return count
  }
  const made: VideoDataset = {
    name,
    split,
    length: files.length,
    T,
    imageSize,
    videos,
    frameCount,
    nameOf: (index) => path.basename(files[index]?.video ?? files[index]?.file ?? ''),
    async readFrames(index, frames) {
      const count = frameCount(index)
      const file = files[index]?.file ?? ''
      const outside = frames.find((frame) => !(Number.isInteger(frame) && frame >= 0 && frame < count))
      if (outside !== undefined) throw new RangeError(`frame ${outside} of ${file}, which has ${count}`)
      return read(file, stride === 1 ? frames : frames.map((frame) => frame * stride))
    },
  }
  descriptions.set(made, description)
  return made
}

function openSource(
  file: SourceFile,
  options: FileDatasetOptions,
): { readonly file: SourceFile; readonly raw: VideoFile } | BadVideo {
  const video = file.video ?? file.file
  try {
    return { file, raw: checkVideo(openVideoFile(file.file), video, options) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { video, reason: error.message }
  }
}

function checkVideo(
  video: VideoFile,
  source: string,
  { name, T, imageSize, stride = 1 }: FileDatasetOptions,
): VideoFile {
  const { frames, height, width } = video
  if (height !== imageSize || width !== imageSize)
    throw new UserError(
      `the frames of ${source} are ${height}x${width} pixels, expected ${imageSize}x${imageSize}: ` +
        `give their size with --image_size, or another folder with --data_dir`,
    )
  if (Math.ceil(frames / stride) < T)
    throw new UserError(
      `${path.basename(source)} has ${counted(frames, 'frame')}, fewer than T = ${T}${stride > 1 ? ` times ${stride}` : ''} ` +
        `(data set ${name}, ${source}): choose a smaller --T${stride > 1 ? ' or --frame_stride' : ''}, or remove the video`,
    )
  return video
}

/** One says all there is to say; of several the first ones do. */
function describe(bad: readonly BadVideo[], total: number): string {
  const [first] = bad
  if (bad.length === 1) return first?.reason ?? ''
  // What is wrong with every one is most likely the same, and wrong with the options.
  if (bad.length === total)
    return `none of the ${total} videos can be used; of the first, ${first?.reason ?? ''}`
  const named = bad.slice(0, MOST_NAMED).map(({ reason }) => reason)
  const more = bad.length > MOST_NAMED ? '; ..' : ''
  return `${bad.length} of ${total} videos cannot be used (${named.join('; ')}${more}): mend or remove them`
}

function entryOf({ file, video = file }: SourceFile, { frames }: VideoFile): VideoEntry {
  const stat = statSync(video)
  // Of a folder of pictures the number of frames has to do.
  return { name: path.basename(video), bytes: stat.isDirectory() ? 0 : stat.size, frames }
}
