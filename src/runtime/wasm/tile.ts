import { tf } from '../tf.js'
import type { Kernel } from './kernel.js'

/**
 * Repetition along axes. The backend's own kernel takes 80 ms for 1.3 million numbers; where only axes of
 * size 1 are repeated, as in broadcasting, adding zeros of the larger shape takes 1 ms.
 */
export const tile: Kernel<'x', { reps: readonly number[] }> = ({ x }, { reps }, before) => {
  const broadcasts = x.dtype === 'float32' && reps.every((times, axis) => times === 1 || x.shape[axis] === 1)
  if (!broadcasts) return before()
  return tf.add(
    x,
    tf.fill(
      x.shape.map((size, axis) => size * (reps[axis] ?? 1)),
      0,
    ),
  )
}
