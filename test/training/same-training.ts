import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { parameterSpecs } from '../../src/model/parameters.js'
import type { Parameters } from '../../src/nn/scope.js'
import { tf } from '../../src/runtime/tf.js'
import { readCheckpointFile } from '../../src/torch-file/index.js'
import { readOptimizerFile } from '../../src/training/checkpoints/optimizer-file.js'
import type { ResolvedTrainConfig } from '../../src/training/checkpoints/save-checkpoint.js'

// What two runs of the same few steps have in common on a GPU, where sums are added in no fixed order.

/**
 * Relative, of losses, norms and moments. Float32 sums differ by about 1e-6 in another order, and a step passes on
 * little of it: other videos, other noise or lost moments make several percent and more.
 */
const NUMBERS = 1e-3

/** Checkpoints, moments, logs and states of two runs, by the name of the file. */
export function expectFileToRounding(actual: string, expected: string, config: ResolvedTrainConfig): void {
  const name = path.basename(actual)
  if (/^(model|ema)/.test(name)) expectWeightsToRounding(actual, expected, config.lr, config.max_steps)
  else if (name.startsWith('opt')) expectMomentsToRounding(actual, expected, config)
  else expectLinesToRounding(actual, expected)
}

/**
 * AdamW moves a weight by up to about the learning rate a step, in a direction that rounding decides where the
 * gradient is all but 0: those weights may be twice as far apart for each step. They are few. In four steps 99 % of
 * the weights differed by less than 3e-5 of the learning rate, on processors, between our operations and TensorFlow's;
 * with a learning rate a tenth larger by a quarter of it.
 */
function expectWeightsToRounding(actual: string, expected: string, lr: number, steps: number): void {
  const [a, b] = [actual, expected].map((file) => {
    const { stateDict } = readCheckpointFile(file)
    return [...stateDict.values()].flatMap((tensor) => [...tensor.toFloat32()])
  }) as [number[], number[]]
  expect(a).toHaveLength(b.length)
  const apart = Float64Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN))).sort()
  // What is not a number comes last.
  expect(apart.at(-1), `the farthest of ${actual}`).toBeLessThan(2.1 * lr * steps)
  expect(apart[Math.floor(0.99 * apart.length)], `99 % of ${actual}`).toBeLessThan(lr / 100)
}

/** Both moments, and the count of steps. */
function expectMomentsToRounding(actual: string, expected: string, config: ResolvedTrainConfig): void {
  const [a, b] = [actual, expected].map((file) => readOptimizerFile(file, parameterSpecs(config))) as [
    ReturnType<typeof readOptimizerFile>,
    ReturnType<typeof readOptimizerFile>,
  ]
  expect(a.step).toBe(b.step)
  for (const moment of ['expAvg', 'expAvgSq'] as const)
    expect(difference(a[moment], b[moment]), `${moment} of ${actual}`).toBeLessThan(NUMBERS)
  for (const { expAvg, expAvgSq } of [a, b]) tf.dispose([...expAvg.values(), ...expAvgSq.values()])
}

/** The lines of a file of JSON, but for the run's name and what is timed. */
function expectLinesToRounding(actual: string, expected: string): void {
  const [a, b] = [actual, expected].map((file) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line, (key, value: unknown) => (key === 'run_id' ? '' : value)) as unknown),
  )
  expectNumbersToRounding(a, b)
}

/** All numbers in values that are otherwise equal. */
export function expectNumbersToRounding(actual: unknown, expected: unknown): void {
  const [seen, wanted]: [number[], number[]] = [[], []]
  expect(withoutNumbers(actual, seen)).toEqual(withoutNumbers(expected, wanted))
  seen.forEach((number, i) => {
    const other = wanted[i] ?? NaN
    expect(Math.abs(number - other), `${number} for ${other}`).toBeLessThanOrEqual(NUMBERS * Math.abs(other))
  })
}

function withoutNumbers(value: unknown, numbers: number[]): unknown {
  if (typeof value === 'number') {
    numbers.push(value)
    return 'a number'
  }
  if (Array.isArray(value)) return value.map((item) => withoutNumbers(item, numbers))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutNumbers(item, numbers)]))
}

/** Of all tensors together, relative to the size of the second. */
function difference(actual: Parameters, expected: Parameters): number {
  let [apart, size] = [0, 0]
  for (const [name, tensor] of expected) {
    const [a, b] = [actual.get(name), tensor].map((x) => x?.dataSync<'float32'>())
    b?.forEach((value, i) => {
      apart += ((a?.[i] ?? NaN) - value) ** 2
      size += value ** 2
    })
  }
  return Math.sqrt(apart / size)
}
