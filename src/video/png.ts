import { PNG } from 'pngjs'
import type { Film } from '../sampling/videos/video-batch.js'
import { frameAlone } from './film-frames.js'
import { filmGrid } from './grid.js'
import { toRgba } from './rgba.js'

/** The first frame of a film as a PNG. */
export function encodePng({ shape: [, H, W], data }: Film): Uint8Array {
  const png = new PNG({ width: W, height: H })
  png.data = Buffer.from(toRgba(data.subarray(0, H * W * 3)))
  return PNG.sync.write(png, { colorType: 2 })
}

/**
 * One picture of several films of equal shape: a row for each, with at most `columns` of its frames, evenly
 * spread from the first to the last.
 * @returns a film of one frame
 */
export function contactSheet(films: readonly Film[], columns: number): Film {
  const length = films[0]?.shape[0] ?? 0
  const count = Math.min(columns, length)
  const times = Array.from({ length: count }, (_, i) =>
    Math.round((i * (length - 1)) / Math.max(1, count - 1)),
  )
  return filmGrid(times.map((t) => films.map((film) => frameAlone(film, t))))
}
