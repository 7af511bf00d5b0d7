import { createRequire } from 'node:module'
import type { Gifenc } from 'gifenc'
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
 * @param fps frames a second, at most 50. A GIF counts in hundredths of a second: frames are shown from the one
 *   nearest to their time on.
 */
export function encodeGif(film: Film, fps: number): Uint8Array {
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
