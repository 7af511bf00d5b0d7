import { expect, it } from 'vitest'
import { fillModelConfig, type ModelConfig } from '../../src/config/model.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { trainingLosses, type Losses } from '../../src/diffusion/losses.js'
import type { Network } from '../../src/diffusion/types.js'
import { tf, type Tensor, type Tensor2D, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed } from '../helpers/golden.js'

const [B, T, SIZE] = [3, 2, 4] as const

/** Made in the original's order, (B, T, C, H, W). */
function made(name: string, channels = 3): Tensor5D {
  const shape: [number, number, number, number, number] = [B, T, channels, SIZE, SIZE]
  return tf.transpose(tf.tensor5d(Float32Array.from(signed(name, shape)), shape), [0, 1, 3, 4, 2])
}

const OBSERVED = [[1, 0], [0, 0], [0, 1]] // prettier-ignore
const LATENT = [[0, 1], [1, 1], [0, 0]] // prettier-ignore
const STEPS = [0, 5, 2]

interface Case {
  readonly options: Partial<ModelConfig>
  /** What the network is told of STEPS. */
  readonly timesteps: readonly number[]
  readonly losses: Readonly<Partial<Record<keyof Losses, readonly number[]>>>
  /** Of the sum of `loss`, by the network's output: its dot product with the probe, for each video. */
  readonly gradient: readonly number[]
}

/**
 * Computed by the original's `GaussianDiffusion` on PyTorch 2.13, with the same inputs. Of 100 linear steps those
 * that "4,3" keeps. The learned variance, with which the original fails, from its functions of the same terms, the
 * output split after the colours.
 */
const cases: readonly Case[] = [
  {
    options: { rescale_timesteps: false },
    gradient: [0.101421, -0.0993629, 0.0623509],
    timesteps: [0, 74, 33],
    losses: { mse: [0.429242, 0.49217, 0.401901], 'eval-mse': [0.429242, 0.49217, 0] },
  },
  {
    options: { learn_sigma: true },
    gradient: [0.0480327, 0.10559, 0.0411379],
    timesteps: [0, 740, 330],
    losses: {
      mse: [0.285744, 1.05806, 0.489739],
      'eval-mse': [0.285744, 1.05806, 0],
      vb: [0.0131291, 0.134146, 0.00772831],
      loss: [0.2988731, 1.192206, 0.49746731],
    },
  },
  {
    options: { learn_sigma: true, rescale_learned_sigmas: false, predict_xstart: true },
    gradient: [0.0496952, 0.110217, 0.0622975],
    timesteps: [0, 740, 330],
    losses: { mse: [0.35213, 1.33426, 0.395815], vb: [16.9465, 0.0638885, 0.453525] },
  },
  {
    options: { use_kl: true },
    gradient: [0.408924, -18.2065, 1.18443],
    timesteps: [0, 740, 330],
    losses: { loss: [26.8484, 128.313, 10.1027] },
  },
  {
    options: { use_kl: true, sigma_small: true, predict_xstart: true },
    gradient: [33.4821, -0.0467254, 1.17513],
    timesteps: [0, 740, 330],
    losses: { loss: [251.366, 0.431794, 10.0079] },
  },
  {
    options: { use_kl: true, learn_sigma: true },
    gradient: [0.138852, 12.8803, 0.913458],
    timesteps: [0, 740, 330],
    losses: { loss: [26.1302, 134.146, 13.238] },
  },
]

describeEachBackend('losses of a respaced process', () => {
  it.each(cases)('are those of PyTorch: $options', ({ options, timesteps, losses, gradient }) => {
    const diffusion = createDiffusion(
      fillModelConfig({ diffusion_steps: 100, timestep_respacing: '4,3', ...options }),
    )
    const channels = options.learn_sigma ? 6 : 3
    tf.tidy(() => {
      const told: number[][] = []
      const lossesOf = (output: Tensor5D) => {
        const network: Network = (_, times) => {
          told.push([...times.dataSync()])
          return tf.add(output, tf.reshape(tf.div(times, 1000), [B, 1, 1, 1, 1]))
        }
        return trainingLosses(diffusion, network, {
          x0: made('x0'),
          noise: made('noise'),
          at: diffusion.at(STEPS),
          lossMask: tf.sub<Tensor2D>(1, tf.tensor2d(OBSERVED)),
          evalMask: tf.tensor2d(LATENT),
        })
      }
      const actual = lossesOf(made('output', channels))
      expect(told).toEqual([timesteps])
      for (const [name, expected] of Object.entries(losses))
        expectClose(name, actual[name as keyof Losses], expected)
      const toOutput = tf.grad((output) => tf.sum(lossesOf(output as Tensor5D).loss))(
        made('output', channels),
      )
      expectClose('gradient', tf.sum(tf.mul(toOutput, made('probe', channels)), [1, 2, 3, 4]), gradient)
    })
  })
})

function expectClose(name: string, actual: Tensor | undefined, expected: readonly number[]) {
  const values = actual?.dataSync() ?? []
  for (const [video, value] of expected.entries())
    // In float32 large terms cancel.
    expect(Math.abs((values[video] ?? NaN) - value), `${name} of video ${video}`).toBeLessThanOrEqual(
      5e-4 * Math.abs(value),
    )
}
