import type { PlacedDataset } from '../../src/carla/training/placed-frames.js'
import { cellOf } from '../../src/carla/town-cells.js'
import { uniform } from './golden.js'

/** Frames of noise, at places that are spread over the town. */
export function madeFrames(count: number): PlacedDataset {
  const size = 32 * 32 * 3
  const pixels = Uint8Array.from(uniform('frames', count * size), (u) => 256 * u)
  const places = uniform('places', 2 * count).map((u) => Math.floor(400 * u))
  const place = (frame: number) => [places[2 * frame] ?? NaN, places[2 * frame + 1] ?? NaN] as const
  return {
    count,
    read: (frames) => ({
      pixels: Uint8Array.from(
        frames.flatMap((frame) => [...pixels.subarray(frame * size, (frame + 1) * size)]),
      ),
      ...{ height: 32, width: 32 },
      coordinates: Float32Array.from(frames.flatMap(place)),
      cells: Int32Array.from(frames, (frame) => cellOf(...place(frame))),
    }),
  }
}
