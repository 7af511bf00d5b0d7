import { beforeAll, expect, test } from 'vitest'
import { startRuntime } from '../../../src/runtime/start.js'
import type { ChosenFrame } from '../../../src/sampling/optimal-schedule/optimise-schedule.js'
import { temporaryFolders } from '../../data/temporary.js'
import { averageModel, checkpoint, inputs, optimise } from './fixtures.js'

const newFolder = temporaryFolders()
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

/** Mean of a / (1 - a) over diffusion times, where a is the share of the signal in the linear noise schedule. */
function signalToNoise(steps: number, times: readonly number[]): number {
  const ratios: number[] = []
  for (let step = 0, a = 1; step < steps; step++) {
    a *= 1 - ((1000 / steps) * (1e-4 * (steps - 1 - step) + 0.02 * step)) / (steps - 1)
    ratios.push(a / (1 - a))
  }
  return times.reduce((sum, t) => sum + (ratios[t] ?? NaN), 0) / times.length
}

test('errors are the mean squared error of noise in latent frames, calculated by hand', async () => {
  const steps = 200
  const run = inputs(newFolder())
  const config = { ...checkpoint.config, diffusion_steps: steps }
  const choices: ChosenFrame[] = []
  const onChoice = (choice: ChosenFrame) => void choices.push(choice)
  await optimise({ ...run, checkpoint: { ...checkpoint, config } }, { onChoice })
  // Frames are as bright as they are far from frame 5, so are guesses: the mean of the given ones. The noise that
  // follows from a guess that is off by d is off by d sqrt(a / (1 - a)), whatever the noise is.
  const ratio = signalToNoise(steps, [199, 149, 99, 49])
  const level = (frame: number) => (2 / 255) * 40 * Math.abs(frame - 5)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const error = (given: readonly number[], latent: readonly number[]) =>
    ratio * mean(latent.map((frame) => (level(frame) - mean(given.map(level))) ** 2))
  for (const stage of [0, 1, 2]) {
    const [first, second] = choices.filter((choice) => choice.stage === stage)
    const latent = [4 + 2 * stage, 5 + 2 * stage]
    const given = [first?.frame ?? NaN, second?.frame ?? NaN]
    expect((first?.error ?? NaN) / error(given.slice(0, 1), latent)).toBeCloseTo(1, 4)
    expect((second?.error ?? NaN) / error(given, latent)).toBeCloseTo(1, 4)
  }
})

test('errors do not depend on the batches that they are measured in, which are all of one size', async () => {
  const measured = async (batch_size: number) => {
    const run = inputs(newFolder(), { batch_size })
    const model = averageModel()
    const errors: number[] = []
    const onChoice = ({ error }: ChosenFrame) => void errors.push(error)
    await optimise({ ...run, checkpoint: { ...checkpoint, model } }, { onChoice })
    return { errors, sizes: new Set(model.seen.map(({ x0 }) => x0.shape[0])) }
  }
  const single = await measured(1)
  expect(single.sizes).toEqual(new Set([1]))
  // Of 4 videos with 4 candidates or 3, 6 or 5, and 8 or 7, some are left over.
  const batches = await measured(5)
  expect(batches.sizes).toEqual(new Set([5]))
  expect(batches.errors.length).toBe(6)
  for (const [i, error] of batches.errors.entries()) expect(error).toBeCloseTo(single.errors[i] ?? NaN, 6)
})
