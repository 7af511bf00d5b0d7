import type { StepTable } from '../../src/diffusion/step-table.js'
import { trainingLosses } from '../../src/diffusion/losses.js'
import type { Conditioning, Denoised } from '../../src/diffusion/types.js'
import { modelOf } from '../../src/model/video-model.js'
import type { Parameters } from '../../src/nn/scope.js'
import {
  tf,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor5D,
} from '../../src/runtime/tf.js'
import { adamwScalars, type AdamWScalars } from '../../src/training/step/adamw.js'
import { parameterUpdate } from '../../src/training/step/parameter-update.js'
import { nameTensors } from '../../src/training/step/state.js'
import type { LoadedCase } from './golden-unet.js'

/** What golden values are of, as pure functions of tensors, which can be compiled. */
export interface GoldenFunctions {
  readonly predict: (params: Parameters, inputs: GoldenInputs) => Prediction
  readonly learn: (params: Parameters, inputs: GoldenInputs) => Learning
  readonly denoise: (params: Parameters, conditioning: Conditioning, x: Tensor5D, at: StepTable) => Denoised
}

export interface GoldenInputs {
  readonly conditioning: Conditioning
  readonly noise: Tensor5D
  readonly at: StepTable
  readonly lossMask: Tensor2D
  readonly scalars: AdamWScalars
}

export interface Prediction {
  readonly xT: Tensor5D
  readonly output: Tensor5D
  readonly temporal: readonly Tensor3D[]
  readonly spatial: readonly Tensor3D[]
}

/** Losses per video; the gradients of their mean and what one update adds, in the parameters' order. */
export interface Learning {
  readonly losses: Readonly<Record<string, Tensor1D>>
  readonly gradients: readonly Tensor[]
  readonly changes: readonly Tensor[]
}

export function goldenInputs({ golden, conditioning, diffusion, input }: LoadedCase): GoldenInputs {
  const { lr, betas, weight_decay: weightDecay } = golden.adamw
  const { keep, stepSize, rootCorrection } = adamwScalars({ lr, betas, weightDecay }, 1)
  return {
    conditioning,
    noise: input('noise'),
    at: diffusion.at(golden.t),
    lossMask: golden.loss_mask.startsWith('mse weighs by 1 - obs_mask')
      ? tf.sub(1, conditioning.obsMask)
      : conditioning.latentMask,
    scalars: {
      keep: tf.scalar(keep),
      stepSize: tf.scalar(stepSize),
      rootCorrection: tf.scalar(rootCorrection),
    },
  }
}

export function goldenFunctions({ golden, config, diffusion }: LoadedCase): GoldenFunctions {
  return {
    predict: (params, { conditioning, noise, at }) => {
      const seen: Record<'temporal' | 'spatial', Tensor3D[]> = { temporal: [], spatial: [] }
      const xT = diffusion.qSample(conditioning.x0, at, noise)
      const output = modelOf(config, params).apply(
        { ...conditioning, x: xT, timesteps: diffusion.networkTimesteps(at) },
        { onAttention: (layer, weights) => seen[layer].push(weights) },
      )
      return { xT, output, ...seen }
    },

    learn: (params, { conditioning, noise, at, lossMask, scalars }) => {
      const names = [...params.keys()]
      let losses: Record<string, Tensor1D> = {}
      const meanLoss = (...values: Tensor[]) => {
        const network = modelOf(config, nameTensors(names, values)).conditioned(conditioning)
        const { x0, latentMask: evalMask } = conditioning
        const terms = trainingLosses(diffusion, network, { x0, noise, at, lossMask, evalMask })
        // The tape returns one value; the others must outlive its scope.
        losses = Object.fromEntries(
          Object.entries(terms).map(([name, value]) => [name, tf.keep((value as Tensor1D).clone())]),
        )
        return tf.mean(terms.loss)
      }
      const gradients = tf.grads(meanLoss)([...params.values()])
      const { betas, eps } = golden.adamw
      const changes = [...params.values()].map((param, i) => {
        const grad = gradients[i] ?? tf.scalar(NaN)
        const moment = tf.zerosLike(param)
        const slot = { param, grad, expAvg: moment, expAvgSq: moment }
        return tf.sub(parameterUpdate(slot, [], scalars, { betas, eps, emaRates: [] }).param, param)
      })
      return { losses, gradients, changes }
    },

    denoise: (params, conditioning, x, at) => {
      const network = modelOf(config, params).conditioned(conditioning)
      return { ...diffusion.pMeanVariance(network, x, at, { clipDenoised: true }) }
    },
  }
}
