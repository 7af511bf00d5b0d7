import type { Film } from '../../src/sampling/videos/video-batch.js'

/** A film whose pixels are a function of their place; by default all different. */
export function film(
  T: number,
  H: number,
  W: number,
  colour: (t: number, y: number, x: number) => readonly number[] = (t, y, x) => [30 + t, 20 + y, 10 + x],
): Film {
  const data = new Uint8Array(T * H * W * 3)
  for (let i = 0; i < T * H * W; i++)
    data.set(colour(Math.floor(i / (H * W)), Math.floor(i / W) % H, i % W), i * 3)
  return { shape: [T, H, W, 3], data }
}

export function pixel({ shape: [, H, W], data }: Film, t: number, y: number, x: number): number[] {
  const at = ((t * H + y) * W + x) * 3
  return [...data.subarray(at, at + 3)]
}
