import { localCopies } from './local-copies.js'
import { openVideoFile, type VideoFile } from './video-file.js'

/** Where files of raw frames are read from; what another thread needs to read the same. */
export interface FrameSource {
  /** A fast local disk that files are copied to on first use, if any. */
  readonly dataRoot: string | undefined
  /** The folder whose files keep their places there. */
  readonly root: string
}

/**
 * Reads frames of a file: (frames.length, H, W, 3), uint8.
 * @throws UserError naming the file if it cannot be read.
 */
export type FrameReader = (file: string, frames: readonly number[]) => Promise<Uint8Array>

/**
 * Files are opened, and copied if that is asked for, on first use.
 * @param known files that are open already
 */
export function frameReader({ dataRoot, root }: FrameSource, known: readonly VideoFile[] = []): FrameReader {
  const localFile = localCopies(dataRoot, root)
  const opened = new Map<string, Promise<VideoFile>>()
  const knownByName = new Map(known.map((video) => [video.file, video]))
  const open = async (file: string) => {
    const local = await localFile(file)
    return knownByName.get(local) ?? openVideoFile(local)
  }
  return async (file, frames) => {
    let video = opened.get(file)
    if (!video) {
      video = open(file)
      opened.set(file, video)
      // A failed copy is tried again: the disk may have room by then.
      video.catch(() => opened.delete(file))
    }
    return (await video).read(frames)
  }
}
