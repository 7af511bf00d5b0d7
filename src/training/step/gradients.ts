import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import type { StepTable } from '../../diffusion/step-table.js'
import { trainingLosses, type Losses } from '../../diffusion/losses.js'
import type { Conditioning, Network } from '../../diffusion/types.js'
import { videoNoise } from '../../diffusion/video-noise.js'
import type { Parameters } from '../../nn/scope.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../../runtime/tf.js'
import { nameTensors } from './state.js'

/** Sees the features that enter a layer, of that name, and gives those to compute with. */
export type EnterLayer = (features: Tensor4D, layer: string) => Tensor4D

/** The trained network as a pure function of its parameters; those of a layer are looked up when it is entered. */
export type ParametricNetwork = (
  params: Parameters,
  conditioning: Conditioning,
  dropoutSeed: Tensor1D,
  enterLayer?: EnterLayer,
) => Network

/** What a step is fed for some of its videos, B of T frames. */
export interface MicroBatch extends Conditioning {
  /** Frames that are trained on: (B, T) in {0, 1}. */
  readonly lossMask: Tensor2D
  /** The diffusion step of each video. */
  readonly at: StepTable
  /** Importance of each video's loss: (B). */
  readonly weights: Tensor1D
  /** Seed of each video's noise: (B, 2), int32. */
  readonly noiseSeeds: Tensor2D
  /** (2), int32. */
  readonly dropoutSeed: Tensor1D
}

export interface Gradients {
  /** By the parameters' names. */
  readonly gradients: Parameters
  /** Unweighted, (B) each. */
  readonly losses: Losses
}

/**
 * The gradients of sum(weights * loss) / batchSize over a micro-batch: over all micro-batches of a batch
 * they add up to those of the whole batch's mean.
 * @param batchSize videos in the whole batch
 */
export function microBatchGradients(
  network: ParametricNetwork,
  diffusion: GaussianDiffusion,
  params: Parameters,
  micro: MicroBatch,
  batchSize: number,
): Gradients {
  const names = [...params.keys()]
  let kept: Losses | undefined
  const meanLoss = (...tensors: Tensor[]) => {
    const current = nameTensors(names, tensors)
    const losses = trainingLosses(diffusion, network(current, micro, micro.dropoutSeed), {
      x0: micro.x0,
      noise: videoNoise(micro.noiseSeeds, micro.x0.shape),
      at: micro.at,
      lossMask: micro.lossMask,
      evalMask: micro.latentMask,
    })
    // The tape returns one value; the others must outlive its scope.
    kept = mapLosses(losses, (values) => tf.keep(values))
    return tf.div<Tensor>(tf.sum(tf.mul(losses.loss, micro.weights)), batchSize).asScalar()
  }
  const { value, grads } = tf.valueAndGrads(meanLoss)([...params.values()])
  value.dispose()
  if (!kept) throw new Error('the loss was not computed')
  const losses = mapLosses(kept, (values) => values.clone())
  mapLosses(kept, (values) => {
    values.dispose()
    return values
  })
  return { gradients: nameTensors(names, grads), losses }
}

/** Applies a function to each loss that is there. */
function mapLosses(losses: Losses, change: (values: Tensor1D) => Tensor1D): Losses {
  return Object.fromEntries(
    Object.entries(losses).map(([name, values]) => [name, change(values as Tensor1D)]),
  ) as unknown as Losses
}
