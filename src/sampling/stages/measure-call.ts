import { startingState } from '../../diffusion/samplers/starting-state.js'
import { tf } from '../../runtime/tf.js'
import { range } from '../../schemes/range.js'
import type { Stage } from '../../schemes/types.js'
import { frameStore } from '../videos/frame-store.js'
import { denoisingStep, type DenoisingSetup } from './denoising-step.js'
import { stageInputs } from './stage-inputs.js'
import { stageSeeds } from './stage-noise.js'

export interface MeasuredCall {
  /** Of one denoising call, once everything is compiled. */
  readonly seconds: number
  /** Of the first one, which compiles. */
  readonly firstSeconds: number
  /** Bytes of the model's parameters. */
  readonly parameterBytes: number
}

/**
 * Runs two denoising calls on black videos and measures the second. Nothing is sampled.
 * @param stage what the call conditions on and samples
 * @param now seconds, of any clock
 */
export async function measureCall(
  setup: DenoisingSetup,
  stage: Stage,
  batchSize: number,
  now: () => number,
): Promise<MeasuredCall> {
  const size = setup.model.config.image_size
  const T = Math.max(...stage.observed, ...stage.latent) + 1
  const frames = frameStore(
    { shape: [T, size, size, 3], data: new Uint8Array(T * size * size * 3) },
    range(T),
  )
  const next = { ...stage, index: 0 }
  const videos = range(batchSize).map((video) => ({
    key: { seed: 0, video, sampleIdx: 0 },
    frames,
    stages: [],
    next,
    advance: () => undefined,
    dispose: () => undefined,
  }))
  const denoise = denoisingStep(setup)
  const keys = videos.map(({ key }) => ({ ...key, stage: 0 }))
  const { start, ...conditioning } = stageInputs(videos, keys)
  const t = setup.diffusion.numTimesteps - 1
  const call = async () => {
    const begun = now()
    const after = tf.tidy(() => {
      const before = startingState(start, denoise.numCarried)
      return denoise.run(conditioning, before, t, stageSeeds(keys, t))
    })
    await after[0].data().finally(() => tf.dispose(after))
    return now() - begun
  }
  try {
    const firstSeconds = await call()
    const seconds = await call()
    const parameterBytes = [...setup.model.parameters.values()].reduce((sum, { size }) => sum + 4 * size, 0)
    return { seconds, firstSeconds, parameterBytes }
  } finally {
    tf.dispose([start, { ...conditioning }])
    denoise.dispose()
  }
}
