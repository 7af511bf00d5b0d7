import { expect } from 'vitest'
import { readNpy } from '../../src/data/npy.js'
import { toTorchLayout } from '../../src/model/torch-layout.js'
import type { Parameters } from '../../src/nn/scope.js'
import { tf, type Tensor, type Tensor5D } from '../../src/runtime/tf.js'
import { sizeOf, summary, type Summary } from './golden.js'
import { channelsFirst, type UNetCase } from './golden-unet.js'
import type { Learning, Prediction } from './golden-unet-runs.js'
import { onGpu } from './on-gpu.js'

interface Tolerance {
  /** Of sum and probe, relative to the larger of the value and the root of the sum of squares. */
  readonly linear: number
  /** Of the sum of squares, relative. */
  readonly squares: number
}
// What a float32 implementation meets: the original on two versions of PyTorch differs by a third of it.
const PICTURES: Tolerance = { linear: 1e-3, squares: 2e-3 }
const GRADIENTS: Tolerance = { linear: 1e-2, squares: 2e-2 }
/**
 * Of an update, relative to the sizes of the parameter and the learning rate: they are rounded to float32 a few times.
 */
const UPDATES = 5e-7

/** @param file the golden output, a .npy */
export function expectPrediction(golden: UNetCase, { xT, output, ...seen }: Prediction, file: string): void {
  expectPicture('x_t', xT, golden.x_t)
  expectOutput(output, file)
  expectPicture('model_out', output, golden.model_out)
  for (const layer of ['temporal', 'spatial'] as const) {
    expect(seen[layer].map(({ shape }) => shape)).toEqual(golden.attention[layer].map(({ shape }) => shape))
    for (const [i, attention] of golden.attention[layer].entries()) {
      const values = seen[layer][i]?.dataSync<'float32'>() ?? []
      const actual = summary('attn', values, attention.shape)
      expectClose(`${layer} attention ${i}`, actual, attention.summary, PICTURES)
    }
  }
}

/** @param name that of the values whose probe is taken */
export function expectPicture(name: string, x: Tensor5D, expected: Summary | undefined, label = name): void {
  const { values, shape } = channelsFirst(x)
  expectClose(label, summary(name, values, shape), expected, PICTURES)
}

/**
 * Losses, gradients and the changes by an update.
 *
 * A change is steep where its gradient is near 0, and all rounding of such gradients goes into the sum of a parameter's
 * changes: in the case unet-32-xstart that of time_embed.0.weight is off by 0.60 of what is tolerated when the original
 * computes in float64, by 0.52 here on processors, and by up to 1.6 in the original itself when weights move by
 * one millionth. So where TensorFlow computes on a GPU, whose rounding differs from that of the processors that golden
 * values come from, sums of changes are not compared with golden ones. What is there well-conditioned, and
 * demanded everywhere: golden gradients, the sum of squares of changes, and each change from its own gradient.
 */
export function expectLearning(golden: UNetCase, params: Parameters, learning: Learning): void {
  for (const [name, expected] of Object.entries(golden.losses)) {
    const actual = learning.losses[name]?.dataSync() ?? []
    for (const [video, value] of expected.entries())
      expect(Math.abs((actual[video] ?? NaN) / value - 1), `${name} of video ${video}`).toBeLessThan(1e-4)
  }

  const rms = (name: string, squares: number) => Math.sqrt(squares / sizeOf(golden.parameters[name] ?? []))
  const largest = Math.max(
    ...Object.entries(golden.gradients).map(([name, [, squares]]) => rms(name, squares)),
  )
  // A bias straight before a norm has no gradient: what both sides have there is rounding.
  const isRounding = (name: string) => rms(name, golden.gradients[name]?.[1] ?? NaN) < 3e-6 * largest
  const rounding = 1e-5 * largest
  const { lr, eps, weight_decay: weightDecay, change } = golden.adamw
  for (const [i, [name, param]] of [...params].entries()) {
    const { gradients, changes } = learning
    const [gradient, moved] = [gradients[i] ?? tf.scalar(NaN), changes[i] ?? tf.scalar(NaN)]
    const actual = summarizeParameter(name, gradient)
    if (isRounding(name)) {
      expect(rms(name, actual[1]), `gradient of ${name}`).toBeLessThan(rounding)
      // Only the weight decay is to be seen; the first update of a gradient g is lr g / (|g| + eps).
      const undecayed = summarizeParameter(name, tf.add(moved, tf.mul(param, lr * weightDecay)))
      expect(rms(name, undecayed[1]), `change of ${name}`).toBeLessThan((lr * rounding) / eps)
    } else {
      expectClose(`gradient of ${name}`, actual, golden.gradients[name], GRADIENTS)
      const changed = summarizeParameter(name, moved)
      if (onGpu && tf.getBackend() === 'tensorflow')
        expectSquares(`change of ${name}`, changed, change[name], GRADIENTS)
      else expectClose(`change of ${name}`, changed, change[name], GRADIENTS)
    }
    expectUpdate(`change of ${name}`, { param, gradient, moved }, golden.adamw)
  }
}

function expectClose(
  what: string,
  [sum, squares, probe]: Summary,
  expected: Summary | undefined,
  tolerance: Tolerance,
) {
  const [goldenSum, goldenSquares, goldenProbe] = expected ?? [NaN, NaN, NaN]
  const scale = Math.sqrt(goldenSquares)
  const bound = (value: number) => tolerance.linear * Math.max(Math.abs(value), scale)
  expect(Math.abs(sum - goldenSum), `sum of ${what}`).toBeLessThanOrEqual(bound(goldenSum))
  expect(Math.abs(probe - goldenProbe), `probe of ${what}`).toBeLessThanOrEqual(bound(goldenProbe))
  expectSquares(what, [sum, squares, probe], expected, tolerance)
}

function expectSquares(
  what: string,
  [, squares]: Summary,
  expected: Summary | undefined,
  tolerance: Tolerance,
) {
  const [, goldenSquares] = expected ?? [NaN, NaN, NaN]
  expect(Math.abs(squares - goldenSquares), `squares of ${what}`).toBeLessThanOrEqual(
    tolerance.squares * goldenSquares,
  )
}

/** Every change is that of AdamW's first step with its gradient, computed here in float64. */
function expectUpdate(
  what: string,
  { param, gradient, moved }: Readonly<Record<'param' | 'gradient' | 'moved', Tensor>>,
  { lr, eps, weight_decay: weightDecay }: UNetCase['adamw'],
) {
  const [weights, gradients, changes] = [param, gradient, moved].map((x) => x.dataSync<'float32'>())
  let worst = 0
  changes?.forEach((actual, i) => {
    const [w, g] = [weights?.[i] ?? NaN, gradients?.[i] ?? NaN]
    const expected = (-lr * g) / (Math.abs(g) + eps) - lr * weightDecay * w
    const difference = Math.abs(actual - expected) / (Math.abs(w) + lr)
    // A maximum would pass over a difference that is not a number.
    if (!(difference <= worst)) worst = difference
  })
  expect(worst, `${what}, from its gradient`).toBeLessThan(UPDATES)
}

/** 2e-3 at every value and 3e-4 of its own root mean square on the whole. */
function expectOutput(output: Tensor5D, file: string) {
  const { values, shape } = channelsFirst(output)
  const expected = readNpy(file)
  expect(shape).toEqual(expected.shape)
  let [worst, error, power] = [0, 0, 0]
  for (const [i, value] of values.entries()) {
    const reference = Number(expected.data[i])
    worst = Math.max(worst, Math.abs(value - reference))
    error += (value - reference) ** 2
    power += reference ** 2
  }
  expect(worst, 'largest difference of the output').toBeLessThan(2e-3)
  expect(Math.sqrt(error / power), 'relative difference of the output').toBeLessThan(3e-4)
}

function summarizeParameter(name: string, x: Tensor): Summary {
  const shape = x.rank === 4 ? [3, 2, 0, 1] : x.rank === 2 ? [1, 0] : [0]
  return summary(name, toTorchLayout(x), shape.map((axis) => x.shape[axis] ?? 0)) // prettier-ignore
}
