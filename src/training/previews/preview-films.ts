import { attentionDrawing } from '../../pictures/attention-drawing.js'
import { drawingPng } from '../../pictures/drawing-png.js'
import type { Film } from '../../sampling/videos/video-batch.js'
import { range } from '../../schemes/range.js'
import type { Media } from '../../tracking/tracker.js'
import { encodeGif } from '../../video/gif.js'
import { markObserved } from '../../video/mark-observed.js'
import type { Preview } from './sample-preview.js'

/** Frames a second of sampled previews. */
export const PREVIEW_FPS = 10

/** The videos of a preview, each (T, H, W, 3), their given frames with a red border. */
export function previewFilms({ shape: [B, T, H, W, C], pixels, numObserved }: Preview): readonly Film[] {
  const size = T * H * W * C
  return Array.from({ length: B }, (_, b) => {
    const data = pixels.subarray(b * size, (b + 1) * size)
    return markObserved({ shape: [T, H, W, C], data }, range(numObserved))
  })
}

/** A picture of the attention of each video: a row for each layer, a column for each quarter of the process. */
export function attentionPictures({ shape: [B, K], numObserved, attention }: Preview): readonly Uint8Array[] {
  const observed = range(K).map((frame) => frame < numObserved)
  const layers = attention[0]?.layers ?? []
  return range(B).map((video) => {
    const rows = layers.map((_, i) => attention.flatMap((part) => part.layers[i]?.videos[video] ?? []))
    return drawingPng(attentionDrawing({ rows, observed }))
  })
}

/** What trackers get of a preview: videos by the original's names, `video-0`, and what they attended to. */
export function previewMedia(preview: Preview): readonly (readonly [name: string, media: Media])[] {
  const films = previewFilms(preview).map((film) => encodeGif(film, PREVIEW_FPS))
  const pictures = attentionPictures(preview)
  return [
    ...films.map((bytes, b) => [`video-${b}`, { kind: 'gif', bytes }] as const),
    ...pictures.map((bytes, b) => [`attention-${b}`, { kind: 'png', bytes }] as const),
  ]
}
