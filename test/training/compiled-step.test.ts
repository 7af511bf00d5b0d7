import { beforeAll, describe, expect, it } from 'vitest'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { unet } from '../../src/model/unet.js'
import { createModel } from '../../src/model/video-model.js'
import { hostRandom } from '../../src/random.js'
import { compile } from '../../src/runtime/compile.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { batchSource } from '../../src/training/batches/batch-source.js'
import { ADAMW_DEFAULTS, adamwScalars } from '../../src/training/step/adamw.js'
import { feedMicroBatch } from '../../src/training/step/feed.js'
import { disposeState, initialState, type TrainingState } from '../../src/training/step/state.js'
import { trainingStep, type StepInputs } from '../../src/training/step/step.js'
import { ownBinding } from '../helpers/own-binding.js'
import { tinyConfig } from '../helpers/tiny-model.js'
import { fakeDataset } from './fixtures.js'

const STEPS = 20

describe.runIf(ownBinding)(`${STEPS} training steps`, () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('have the same losses compiled as operation by operation, and nearly the same in bfloat16', async () => {
    const plain = await losses((step) => Object.assign(step, { dispose: () => undefined }))
    const compiled = await losses((step) => compile(step))
    const rounded = await losses((step) => compile(step, { precision: 'bf16' }))
    expect(plain).toHaveLength(STEPS)
    for (const [i, loss] of plain.entries()) {
      expect(Math.abs((compiled[i] ?? NaN) / loss - 1), `step ${i}`).toBeLessThan(1e-5)
      // The mean of many squared errors, in which rounding cancels: up to 2e-4 was seen.
      expect(Math.abs((rounded[i] ?? NaN) / loss - 1), `step ${i} in bfloat16`).toBeLessThan(1e-3)
    }
    expect(rounded).not.toEqual(compiled)
    expect(plain.at(-1)).toBeLessThan(0.9 * (plain[0] ?? NaN))
  })
})

type Step = (state: TrainingState, inputs: StepInputs) => ReturnType<typeof trainingStep>

/** The mean losses of a network that learns moving pixels, the same each time. */
async function losses(prepare: (step: Step) => Step & { dispose(): void }): Promise<number[]> {
  const config = tinyConfig({ predict_xstart: true, attention_resolutions: '8' })
  const diffusion = createDiffusion(config)
  const settings = { ...ADAMW_DEFAULTS, diffusion, emaRates: [0.9], network: networkOf(config) }
  const step = prepare((state, inputs) => trainingStep(settings, state, inputs))
  const pixel = (video: number, frame: number, i: number) => (97 * video + 16 * frame + i) % 256
  const options = { batch_size: 1, microbatch: -1, max_frames: 3, pad_with_random_frames: true, seed: 1 }
  const source = batchSource(fakeDataset({ imageSize: 32, pixel }), options)
  const model = createModel(config, { seed: 0 })
  let state = initialState(model.parameters, 1)
  const means: number[] = []
  for (let i = 0; i < STEPS; i++) {
    const fed = (await source(i)).map((batch) =>
      feedMicroBatch(batch, diffusion, {
        timesteps: [(7 * i) % diffusion.numTimesteps],
        weights: [1],
        noise: [hostRandom('noise', i)],
        dropout: hostRandom('dropout', i),
      }),
    )
    const numbers = adamwScalars({ lr: 1e-4, betas: settings.betas, weightDecay: 0 }, i + 1)
    const scalars = {
      keep: tf.scalar(numbers.keep),
      stepSize: tf.scalar(numbers.stepSize),
      rootCorrection: tf.scalar(numbers.rootCorrection),
    }
    const result = step(state, { microBatches: fed, scalars })
    means.push(...(result.losses.loss?.dataSync() ?? []))
    disposeState(state)
    state = result.state
    tf.dispose([
      result.gradNorm,
      ...Object.values(result.losses),
      scalars,
      fed.map((micro) => ({ ...micro })),
    ])
  }
  disposeState(state)
  model.dispose()
  step.dispose()
  return means
}

function networkOf(config: ReturnType<typeof tinyConfig>): Parameters<typeof trainingStep>[0]['network'] {
  return (params, conditioning) => (x, timesteps) => unet(params, config, { ...conditioning, x, timesteps })
}
