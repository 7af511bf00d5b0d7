import type { TrainingItem } from './item.js'

/** Some videos that go through the network together, on the host. B videos of T frames of size H = W. */
export interface Batch {
  readonly shape: readonly [B: number, T: number, H: number, W: number, C: 3]
  /** (B, T, H, W, 3), uint8. */
  readonly pixels: Uint8Array
  /** (B, T) in {0, 1}. */
  readonly obsMask: Float32Array
  /** (B, T) in {0, 1}; a frame that is neither observed nor latent is padding. */
  readonly latentMask: Float32Array
  /** (B, T) in {0, 1}: frames that are trained on. */
  readonly lossMask: Float32Array
  /** (B, T): position of each frame in the window it comes from. */
  readonly frameIndices: Int32Array
}

/**
 * Brings items to one length and stacks them.
 * @param trainOnPadding whether padding frames, which are then frames of another video, are trained on too
 * @param length frames of the batch, at least as many as the longest item has, which is the default
 */
export function makeBatch(
  items: readonly TrainingItem[],
  trainOnPadding: boolean,
  length = Math.max(...items.map((item) => item.length)),
): Batch {
  const [B, T] = [items.length, length]
  const size = items[0]?.imageSize ?? 0
  const frameSize = size * size * 3
  const pixels = new Uint8Array(B * T * frameSize)
  const [obsMask, latentMask, lossMask] = [0, 1, 2].map(() => new Float32Array(B * T)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const frameIndices = new Int32Array(B * T)
  items.forEach((item, b) => {
    for (let t = 0; t < T; t++) {
      const row = Math.min(t, item.positions.length - 1)
      const at = b * T + t
      const role = item.roles[row]
      pixels.set(item.pixels.subarray(row * frameSize, (row + 1) * frameSize), at * frameSize)
      frameIndices[at] = item.positions[row] ?? 0
      obsMask[at] = role === 'observed' ? 1 : 0
      latentMask[at] = role === 'latent' ? 1 : 0
      lossMask[at] = role === 'latent' || (trainOnPadding && role === 'padding') ? 1 : 0
    }
  })
  return {
    shape: [B, T, size, size, 3],
    pixels,
    obsMask,
    latentMask,
    lossMask,
    frameIndices,
  }
}
