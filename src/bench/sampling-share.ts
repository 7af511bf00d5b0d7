import type { Conditioning } from '../diffusion/types.js'
import type { Parameters } from '../nn/scope.js'
import { compile } from '../runtime/compile.js'
import { compileSettings } from '../runtime/compile-settings.js'
import { tf, type Tensor1D, type Tensor5D } from '../runtime/tf.js'
import { sampleVideo } from '../sampling/sample-video.js'
import { denoisingStep, type DenoisingStep } from '../sampling/stages/denoising-step.js'
import type { SampleVideoOptions } from '../sampling/stages/sample-video-options.js'

export interface SamplingShare {
  /** Calls of the network. */
  readonly calls: number
  /** Of sampling as a whole, in what `now` counts. */
  readonly sampling: number
  /** Of the network alone, computed as often, each time right after the step that it belongs to. */
  readonly network: number
}

/**
 * How much of sampling is the network: samples videos, and computes after each denoising step the network's
 * output once more by itself. Nothing is left behind.
 * @param now milliseconds, of any clock
 * @returns one record per round, after one that does not count as it compiles
 */
export async function measureSamplingShare(
  options: SampleVideoOptions & Required<Pick<SampleVideoOptions, 'sampler'>>,
  rounds: number,
  now: () => number,
): Promise<SamplingShare[]> {
  const { model, diffusion, sampler, clipDenoised = true } = options
  const step = denoisingStep({ model, diffusion, sampler, clipDenoised })
  const network = compile(
    (parameters: Parameters, conditioning: Conditioning, x: Tensor5D, timesteps: Tensor1D) =>
      model.with(parameters).conditioned(conditioning)(x, timesteps),
    compileSettings(),
  )
  let calls = 0
  let alone = 0
  const denoise: DenoisingStep = {
    ...step,
    run(conditioning, state, t, seeds) {
      const next = step.run(conditioning, state, t, seeds)
      // Waits for what a device may still be at work on: that belongs to the step.
      next[0].dataSync()
      const begun = now()
      const [x] = state
      const timesteps: Tensor1D = tf.fill([x.shape[0]], t)
      const output = network(model.parameters, conditioning, x, timesteps)
      output.dataSync()
      tf.dispose([timesteps, output])
      alone += now() - begun
      calls++
      return next
    },
  }
  try {
    const sample = async () => {
      ;[calls, alone] = [0, 0]
      const begun = now()
      await sampleVideo({ ...options, denoise })
      return { calls, sampling: now() - begun - alone, network: alone }
    }
    await sample()
    const shares: SamplingShare[] = []
    for (let round = 0; round < rounds; round++) shares.push(await sample())
    return shares
  } finally {
    step.dispose()
    network.dispose()
  }
}
