import { elementCount } from '../element-count.js'
import type { ParameterSpec } from '../model/parameters.js'

/**
 * `count` numbers in [-1, 1) that depend on `index` alone, so that programs in other languages can make
 * the same (bench/reference_side.py does): a multiplicative hash of both with 32-bit arithmetic.
 */
export function procedural(count: number, index: number): Float32Array {
  const offset = Math.imul(index + 1, 0x85ebca6b)
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i + 1, 0x9e3779b1) + offset) | 0
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 31 - 1
  })
}

/**
 * Values of a parameter in PyTorch's layout: weights that keep the size of what goes through them, small
 * scales and shifts, and none of them zero, so that every part of the network counts.
 * @param index the parameter's place in PyTorch's order
 */
export function proceduralWeights({ shape }: Pick<ParameterSpec, 'shape'>, index: number): Float32Array {
  const count = elementCount(shape)
  const scale = shape.length > 1 ? (count / (shape[0] ?? 1)) ** -0.5 * 2.4 : 0.1
  return procedural(count, index).map((value) => value * scale)
}
