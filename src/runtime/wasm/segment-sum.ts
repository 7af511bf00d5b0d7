import { tf } from '../tf.js'
import type { Kernel } from './kernel.js'

/**
 * Sums the rows of x [M, ..] whose segment number is the same: [numSegments, ..]. Rows whose number is
 * outside [0, numSegments) are left out. It is the gradient of `gather`.
 */
export const segmentSum: Kernel<'x' | 'segmentIds', { numSegments: number }> = (
  { x, segmentIds },
  { numSegments },
) => {
  const shape = [numSegments, ...x.shape.slice(segmentIds.rank)]
  const length = tf.util.sizeFromShape(shape.slice(1))
  const rows = x.dataSync<'float32'>()
  const sums = new Float32Array(numSegments * length)
  segmentIds.dataSync<'int32'>().forEach((segment, row) => {
    if (segment < 0 || segment >= numSegments) return
    for (let i = 0; i < length; i++) {
      sums[segment * length + i] = (sums[segment * length + i] ?? 0) + (rows[row * length + i] ?? 0)
    }
  })
  return tf.tensor(sums, shape, x.dtype)
}
