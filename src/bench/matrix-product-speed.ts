import { matrixProduct } from '../nn/matrix-product.js'
import { compileSettings } from '../runtime/compile-settings.js'
import { compile } from '../runtime/compile.js'
import { randomNormal } from '../runtime/random-normal.js'
import { tf, type Tensor2D } from '../runtime/tf.js'

const REPETITIONS = 8

/**
 * GFLOP/s of the product of two square matrices, the best of several: what the backend in use can reach.
 * @param size rows of each
 * @param now milliseconds since some moment
 */
export async function matrixProductSpeed(size: number, now: () => number): Promise<number> {
  const [a, b] = [1, 2].map((seed) => randomNormal([size, size], [seed, 0])) as [Tensor2D, Tensor2D]
  const corner = (x: Tensor2D, y: Tensor2D): Tensor2D => tf.slice(matrixProduct(x, y), [0, 0], [1, 1])
  const compiled = compile(corner, compileSettings())
  let best = Infinity
  for (let i = 0; i < REPETITIONS; i++) {
    const start = now()
    const result = compiled(a, b)
    await result.data()
    result.dispose()
    best = Math.min(best, now() - start)
  }
  compiled.dispose()
  tf.dispose([a, b])
  return (2 * size ** 3) / best / 1e6
}
