import type { Film } from '../sampling/video-batch.js'
import { range } from '../schemes/range.js'
import type { Media } from '../tracking/tracker.js'
import { markObserved } from '../video/border.js'
import { encodeGif } from '../video/gif.js'
import type { Preview } from './sample-preview.js'

/** Frames a second of sampled previews. */
export const PREVIEW_FPS = 10

/** The videos of a preview, their given frames with a border. */
export function previewFilms({ shape: [B, T, H, W, C], pixels, numObserved }: Preview): readonly Film[] {
  const size = T * H * W * C
  return Array.from({ length: B }, (_, b) => {
    const data = pixels.subarray(b * size, (b + 1) * size)
    return markObserved({ shape: [T, H, W, C], data }, range(numObserved))
  })
}

/** The videos of a preview for the trackers, under the original's names: `video-0`, `video-1`. */
export function previewMedia(preview: Preview): readonly (readonly [name: string, media: Media])[] {
  return previewFilms(preview).map((film, b) => [
    `video-${b}`,
    { kind: 'gif', bytes: encodeGif(film, PREVIEW_FPS) },
  ])
}
