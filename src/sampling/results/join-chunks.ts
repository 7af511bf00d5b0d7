import { npyHeader } from '../../data/npy.js'
import { UserError } from '../../errors.js'
import { writeFileAtomic, writeFully } from '../../files/write-file.js'
import type { Film } from '../videos/video-batch.js'
import { channelsFirst } from './sample-file.js'

/**
 * Writes films one after the other into one sample file, with one of them in memory at a time.
 * @param films of one size; together at least `length` frames
 * @param length frames to write
 * @throws UserError if the file cannot be written, or a film is of another size.
 */
export function joinChunks(file: string, films: Iterable<Film>, length: number): void {
  writeFileAtomic(file, (fd) => {
    let left = length
    let size: string | undefined
    for (const { shape, data } of films) {
      const [T, H, W, C] = shape
      if (size === undefined) writeFully(fd, npyHeader('uint8', [length, C, H, W]))
      size ??= `${H}x${W}`
      if (size !== `${H}x${W}`) throw new UserError(`chunks of ${size} and of ${H}x${W} pixels make no film`)
      const frames = Math.min(T, left)
      const first: Film = { shape: [frames, H, W, C], data: data.subarray(0, frames * H * W * C) }
      writeFully(fd, channelsFirst(first))
      left -= frames
      if (left === 0) return
    }
    throw new Error(`${left} of ${length} frames are missing`)
  })
}
