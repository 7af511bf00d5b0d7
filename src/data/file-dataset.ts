import path from 'node:path'
import { UserError } from '../errors.js'
import type { VideoDataset } from './dataset.js'
import { frameReader, type FrameReader, type FrameSource } from './frame-reader.js'
import { openVideoFile, type VideoFile } from './video-file.js'

/** A file of raw frames. */
export interface SourceFile {
  readonly file: string
  /** The video as a person knows it, where `file` was made from it. */
  readonly video?: string
}

export interface FileDatasetOptions {
  readonly name: string
  readonly split: 'train' | 'test'
  readonly T: number
  readonly imageSize: number
  /** One video each, .npy or .pt, in the data set's order. */
  readonly files: readonly SourceFile[]
  readonly source: FrameSource
}

/**
 * A data set of one file of raw frames per video.
 * Every file is opened here, so that one that does not fit is found before hours of training, not after;
 * frames are read on demand.
 * @throws UserError naming the file if it cannot be read, has another frame size, or is shorter than T.
 */
export function fileDataset(options: FileDatasetOptions): VideoDataset {
  const { name, split, T, imageSize, files, source } = options
  const videos = files.map(({ file, video }) => checkVideo(openVideoFile(file), video ?? file, options))
  const counts = videos.map(({ frames }) => frames)
  return dataset({ name, split, T, imageSize, files, counts, source }, frameReader(source, videos))
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

interface Description extends FileDatasetOptions {
  /** Frames of each video. */
  readonly counts: readonly number[]
}

/** What data sets were made of. */
const descriptions = new WeakMap<VideoDataset, Description>()

function dataset(description: Description, read: FrameReader): VideoDataset {
  const { name, split, T, imageSize, files, counts } = description
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
    frameCount,
    nameOf: (index) => path.basename(files[index]?.video ?? files[index]?.file ?? ''),
    async readFrames(index, frames) {
      const count = frameCount(index)
      const file = files[index]?.file ?? ''
      const outside = frames.find((frame) => !(Number.isInteger(frame) && frame >= 0 && frame < count))
      if (outside !== undefined) throw new RangeError(`frame ${outside} of ${file}, which has ${count}`)
      return read(file, frames)
    },
  }
  descriptions.set(made, description)
  return made
}

function checkVideo(video: VideoFile, source: string, { name, T, imageSize }: FileDatasetOptions): VideoFile {
  const { frames, height, width } = video
  if (height !== imageSize || width !== imageSize)
    throw new UserError(
      `the frames of ${source} are ${height}x${width} pixels, expected ${imageSize}x${imageSize}: ` +
        `give their size with --image_size, or another folder with --data_dir`,
    )
  if (frames < T)
    throw new UserError(
      `${path.basename(source)} has ${frames} frames, fewer than T = ${T} (data set ${name}, ${source}): ` +
        `choose a smaller --T or remove the video`,
    )
  return video
}
