import { writeSync } from 'node:fs'
import { UserError } from '../errors.js'
import { streamFileAtomic, writeFully } from '../files/write-file.js'
import { npyHeader } from './npy.js'

/**
 * Streams frames into a .npy file, (T, size, size, 3), which appears whole or not at all; the number of frames
 * is known, and written, last.
 * @param source what they are made from, for messages
 * @throws UserError if there are none, or the last is cut off.
 */
export async function writeFrames(
  cached: string,
  pieces: AsyncIterable<Uint8Array>,
  size: number,
  source: string,
): Promise<void> {
  await streamFileAtomic(cached, async (fd) => {
    let bytes = 0
    writeFully(fd, npyHeader('uint8', [0, size, size, 3]))
    for await (const piece of pieces) {
      writeFully(fd, piece)
      bytes += piece.length
    }
    const frames = bytes / (size * size * 3)
    if (frames === 0) throw new UserError(`${source} holds no video: ffmpeg decoded no frame of it`)
    if (!Number.isInteger(frames)) throw new UserError(`${source} ended within a frame: the file is damaged`)
    const header = npyHeader('uint8', [frames, size, size, 3])
    writeSync(fd, header, 0, header.length, 0)
  })
}
