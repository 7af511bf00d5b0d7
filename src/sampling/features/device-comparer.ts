import { deviceRows } from '../../runtime/device-rows.js'
import type { Tensor2D } from '../../runtime/tf.js'
import type { FrameComparer } from './frame-features.js'

/**
 * Compares frames on the device, by |x - y|^2 = |x|^2 + |y|^2 - 2 xy with all products in float64. The error of
 * a distance is below 4 D 2^-53 times the larger |x|^2 (D: numbers of a vector). If vectors were rounded for that (see
 * `exactBits`), it is exact: then frames that are equal have distance 0, and two equal frames are equally far from a
 * third, in whatever order a device sums, so that ties between frames are the same everywhere.
 * @param embed makes vectors (frames, D), which are the comparer's to free
 */
export function deviceComparer(
  embed: (frames: readonly Float32Array[], shape: readonly [number, number, number]) => Tensor2D,
): FrameComparer {
  const rows = deviceRows()
  /** |x|^2 by frame, in the order in which they came. */
  const norms: number[] = []
  return {
    add(frames, shape) {
      const vectors = embed(frames, shape)
      let products: Float64Array
      try {
        products = rows.append(vectors)
      } finally {
        vectors.dispose()
      }
      const first = norms.length
      const count = first + frames.length
      for (let i = first; i < count; i++) norms.push(products[(i - first) * count + i] ?? NaN)
      for (let i = first, at = 0; i < count; i++)
        for (let j = 0; j < count; j++, at++) {
          const distance = (norms[i] ?? NaN) + (norms[j] ?? NaN) - 2 * (products[at] ?? NaN)
          // Of rounding alone: none is below.
          products[at] = distance < 0 ? 0 : distance
        }
      return products
    },
    dispose: () => rows.dispose(),
  }
}
