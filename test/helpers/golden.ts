import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/** The folder of golden data: `FDM_GOLDEN`, or the copy beside the tests. */
export const GOLDEN = process.env.FDM_GOLDEN ?? path.join(import.meta.dirname, '../golden')

/** Sub-folders of a golden folder that hold a `case.json`; none if the folder is not there. */
export function goldenCases(kind: string): string[] {
  const folder = path.join(GOLDEN, kind)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .filter((directory) => existsSync(path.join(directory, 'case.json')))
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/** n numbers in [0, 1) from a name: FNV-1a of the name seeds mulberry32. */
export function uniform(name: string, n: number): Float64Array {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  // Loops: the largest networks take a hundred million of these.
  const values = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const counter = (hash + Math.imul(i + 1, 0x6d2b79f5)) | 0
    let t = Math.imul(counter ^ (counter >>> 15), counter | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    values[i] = ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return values
}

/** Numbers in [-1, 1) from a name, C order. */
export function signed(name: string, shape: readonly number[]): Float64Array {
  const values = uniform(name, sizeOf(shape))
  for (let i = 0; i < values.length; i++) values[i] = 2 * (values[i] ?? NaN) - 1
  return values
}

/** A parameter in PyTorch's layout from its state-dict name. */
export function weight(name: string, shape: readonly number[], prefix: string): Float32Array {
  if (name.endsWith('num_batches_tracked')) return new Float32Array(sizeOf(shape))
  const u = signed(prefix + name, shape)
  if (shape.length > 1) {
    const bound = Math.sqrt(3 / sizeOf(shape.slice(1))) * 1.4
    const scaled = new Float32Array(u.length)
    for (let i = 0; i < u.length; i++) scaled[i] = (u[i] ?? NaN) * bound
    return scaled
  }
  if (name.endsWith('weight') || name.endsWith('running_var')) {
    const scale = name.endsWith('bn3.weight') ? 0.3 : 1
    return Float32Array.from(u, (value) => scale * (1 + 0.1 * value))
  }
  return Float32Array.from(u, (value) => 0.1 * value)
}

export type Summary = readonly [sum: number, sumOfSquares: number, probe: number]

/** Sum, sum of squares and dot product with the probe of that name, in float64. */
export function summary(name: string, values: ArrayLike<number>, shape: readonly number[]): Summary {
  const probe = signed(`probe:${name}`, shape)
  let [sum, squares, dot] = [0, 0, 0]
  for (let i = 0; i < probe.length; i++) {
    const value = values[i] ?? NaN
    sum += value
    squares += value * value
    dot += value * (probe[i] ?? NaN)
  }
  return [sum, squares, dot]
}
