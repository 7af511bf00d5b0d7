import path from 'node:path'
import { UserError } from '../errors.js'
import type { VideoDataset } from './dataset.js'
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
  /** Where to read a file's frames from, asked once per file on first use (see `localCopies`). */
  readonly localFile: (file: string) => Promise<string>
}

/**
 * A data set of one file of raw frames per video.
 * Every file is opened here, so that one that does not fit is found before hours of training, not after;
 * frames are read on demand.
 * @throws UserError naming the file if it cannot be read, has another frame size, or is shorter than T.
 */
export function fileDataset(options: FileDatasetOptions): VideoDataset {
  const { name, split, T, imageSize, files, localFile } = options
  const videos = files.map(({ file, video }) => checkVideo(openVideoFile(file), video ?? file, options))
  const local = new Map<number, Promise<VideoFile>>()
  const video = (index: number) => {
    const found = videos[index]
    if (!found) throw new RangeError(`video ${index} of ${videos.length}`)
    return found
  }
  const openLocal = async (source: VideoFile) => {
    const file = await localFile(source.file)
    return file === source.file ? source : openVideoFile(file)
  }
  return {
    name,
    split,
    length: videos.length,
    T,
    imageSize,
    frameCount: (index) => video(index).frames,
    async readFrames(index, frames) {
      const source = video(index)
      const outside = frames.find(
        (frame) => !(Number.isInteger(frame) && frame >= 0 && frame < source.frames),
      )
      if (outside !== undefined)
        throw new RangeError(`frame ${outside} of ${source.file}, which has ${source.frames}`)
      let opened = local.get(index)
      if (!opened) {
        opened = openLocal(source)
        local.set(index, opened)
        // A failed copy is tried again: the disk may have room by then.
        opened.catch(() => local.delete(index))
      }
      return (await opened).read(frames)
    },
  }
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
