import { createRequire } from 'node:module'
import type { Gifenc } from 'gifenc'
import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'
import { atOnce, type Steps } from '../in-turns.js'
import type { Film } from '../sampling/videos/video-batch.js'
import { fewerColours } from './fewer-colours.js'
import { framesOf, type FilmFrames } from './film-frames.js'
import { toRgba } from './rgba.js'

// Required, as what a default import of this package is differs between Node and bundlers.
const gifenc = createRequire(import.meta.url)('gifenc') as Gifenc

/**
 * A film as a GIF that repeats for ever. Each frame has its own 256 colours: a palette for all of them is
 * about 2 dB worse on a film whose colours change.
 * @param film (T, H, W, 3), at least one frame: of a batch, `filmOf` is one video; of a preview, `previewFilms` are all
 * @param fps frames a second, more than 0 and at most 50, beyond which programs show films too slowly. A GIF counts in
 *   hundredths of a second: frames are shown from the one nearest to their time on.
 * @returns the bytes of the file
 * @throws UserError for something that is no film, or another number of frames a second.
 */
export function encodeGif(film: Film, fps: number): Uint8Array {
  expectObject('encodeGif takes a film { shape: [T, H, W, 3], data }', film, {
    shape: 'object',
    data: 'object',
  })
  const shape: readonly number[] = film.shape
  const values = elementCount(shape)
  if (shape.length !== 4 || shape[3] !== 3 || values === 0 || film.data.length !== values)
    throw new UserError(
      `encodeGif takes a film of the shape (T, H, W, 3), not (${shape.join(', ')}) with ${film.data.length} values`,
    )
  if (!(fps > 0 && fps <= 50))
    throw new UserError(`encodeGif takes frames a second, more than 0 and at most 50, not ${fps}`)
  return atOnce(gifSteps(framesOf(film), fps))
}

/** As `encodeGif`, with a pause after each frame. */
export function* gifSteps({ shape, frame }: FilmFrames, fps: number): Steps<Uint8Array> {
  const [T, H, W] = shape
  const encoder = gifenc.GIFEncoder()
  const begin = (t: number) => Math.round((100 * t) / fps)
  for (let t = 0; t < T; t++) {
    const pixels = toRgba(frame(t))
    const palette = gifenc.quantize(fewerColours(pixels), 256)
    encoder.writeFrame(gifenc.applyPalette(pixels, palette), W, H, {
      palette,
      delay: 10 * (begin(t + 1) - begin(t)),
    })
    yield
  }
  encoder.finish()
  return encoder.bytes()
}
