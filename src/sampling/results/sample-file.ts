import { counted } from '../../counted.js'
import { readNpy, readNpyHeader, writeNpy, type NpyHeader } from '../../data/npy.js'
import { UserError } from '../../errors.js'
import { withAdvice } from '../../with-advice.js'
import type { Film } from '../videos/video-batch.js'

/**
 * Writes a sampled video as uint8 (T, 3, H, W), whole or not at all.
 * @throws UserError naming the file if it cannot be written.
 */
export function writeSample(file: string, film: Film): void {
  const [T, H, W, C] = film.shape
  writeNpy(file, { dtype: 'uint8', shape: [T, C, H, W], data: channelsFirst(film) })
}

/** A film as it is in files: (T, 3, H, W). */
export function channelsFirst({ shape: [T, H, W, C], data }: Film): Uint8Array<ArrayBuffer> {
  return swapAxes(data, T, H * W, C)
}

/**
 * Reads a sampled video.
 * @throws UserError naming the file if it is missing, damaged, empty, or holds something else.
 */
export function readSample(file: string): Film {
  const array = readNpy(file, { isAll: true })
  const [T, H, W] = sampleShape(file, array)
  return { shape: [T, H, W, 3], data: swapAxes(array.data as Uint8Array, T, 3, H * W) }
}

/**
 * Looks at a sample without reading its frames.
 * @throws UserError naming the file if it is missing, damaged, empty, or holds something else.
 */
export function readSampleShape(file: string): SampleShape {
  return sampleShape(file, readNpyHeader(file, { isAll: true }))
}

/**
 * Makes sure, without reading the frames, that a sample is whole and of the shape (T, 3, size, size).
 * @throws UserError naming the file if it is damaged, or holds something else.
 */
export function requireSample(file: string, T: number, size: number): void {
  withAdvice('remove it to sample the video anew', () => {
    const shape = readSampleShape(file)
    if (shape.join() !== `${T},${size},${size}`)
      throw new UserError(
        `${file} is no sample of this run: it has ${sizeInWords(shape)}, not ${sizeInWords([T, size, size])}`,
      )
  })
}

/** Frames, height and width. */
export type SampleShape = readonly [T: number, H: number, W: number]

/** A shape in words. */
export function sizeInWords([T, H, W]: SampleShape): string {
  return `${counted(T, 'frame')} of ${H}x${W} pixels`
}

function sampleShape(file: string, { dtype, shape }: Pick<NpyHeader, 'dtype' | 'shape'>): SampleShape {
  const [T = 0, C, H = 0, W = 0] = shape
  if (dtype !== 'uint8' || shape.length !== 4 || C !== 3)
    throw new UserError(
      `${file} is not a sampled video: expected uint8 (T, 3, H, W), got ${dtype} (${shape.join(', ')})`,
    )
  if (shape.includes(0)) throw new UserError(`${file} is empty: its shape is (${shape.join(', ')})`)
  return [T, H, W]
}

/** (T, rows, columns) to (T, columns, rows). */
function swapAxes(values: Uint8Array, T: number, rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const swapped = new Uint8Array(values.length)
  let at = 0
  for (let t = 0; t < T; t++)
    for (let column = 0; column < columns; column++)
      for (let row = 0; row < rows; row++) swapped[at++] = values[(t * rows + row) * columns + column] ?? 0
  return swapped
}
