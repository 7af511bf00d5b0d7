import { frameOfFilm, type Film } from './video-batch.js'

type PerChannel = readonly [number, number, number]

/** What frames look like in numbers, in levels of a pixel (0 to 255). */
export interface PictureStatistics {
  readonly mean: PerChannel
  /** Standard deviation of all values of a channel: contrast. */
  readonly deviation: PerChannel
  /** Mean difference between a pixel and its neighbours to the right and below: sharpness. */
  readonly sharpness: PerChannel
  /** Mean difference between a pixel and itself in the frame before: 0 for a still. Of a single frame there is none. */
  readonly motion?: number
}

/**
 * Statistics of a film of at least one frame of at least two by two pixels.
 * @param before the frame that it goes on from, (H, W, C): the step from that to the first frame is motion too
 */
export function pictureStatistics(film: Film, before?: Uint8Array): PictureStatistics {
  const [T, H, W, C] = film.shape
  const channels = [0, 1, 2] as const
  const perChannel = (statistic: (channel: number) => number) =>
    channels.map(statistic) as unknown as PerChannel
  const mean = perChannel((c) => sumOver(film, c, (value) => value) / (T * H * W))
  const deviation = perChannel((c) => {
    const centre = mean[c] ?? 0
    return Math.sqrt(sumOver(film, c, (value) => (value - centre) ** 2) / (T * H * W))
  })
  const sharpness = perChannel((c) => {
    let sum = 0
    for (let t = 0; t < T; t++) sum += edges(frameOfFilm(film, t), H, W, C, c)
    return sum / (T * (H * (W - 1) + (H - 1) * W))
  })
  const motion = meanChange(film, before)
  return { mean, deviation, sharpness, ...(motion !== undefined && { motion }) }
}

function meanChange(film: Film, before: Uint8Array | undefined): number | undefined {
  const { shape, data } = film
  const [T, H, W, C] = shape
  const frame = H * W * C
  const steps = T - 1 + (before ? 1 : 0)
  if (steps === 0) return undefined
  let change = 0
  if (before) frameOfFilm(film, 0).forEach((value, i) => (change += Math.abs(value - (before[i] ?? 0))))
  for (let i = frame; i < data.length; i++) change += Math.abs((data[i] ?? 0) - (data[i - frame] ?? 0))
  return change / (steps * frame)
}

function sumOver({ shape, data }: Film, channel: number, value: (level: number) => number): number {
  const [, , , C] = shape
  let sum = 0
  for (let i = channel; i < data.length; i += C) sum += value(data[i] ?? 0)
  return sum
}

/** Sum of the differences between neighbours in one channel of a frame (H, W, C). */
function edges(frame: Uint8Array, H: number, W: number, C: number, channel: number): number {
  const at = (y: number, x: number) => frame[(y * W + x) * C + channel] ?? 0
  let sum = 0
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++) {
      if (x + 1 < W) sum += Math.abs(at(y, x + 1) - at(y, x))
      if (y + 1 < H) sum += Math.abs(at(y + 1, x) - at(y, x))
    }
  return sum
}
