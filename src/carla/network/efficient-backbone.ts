import { silu } from '../../nn/silu.js'
import { tf, type Tensor2D, type Tensor4D } from '../../runtime/tf.js'
import type { Backbone, SizedLayer } from './backbone.js'
import type { BiasedConvolution, NormalisedConvolution, TrainedLayers } from './layers.js'

/** What tells EfficientNets (Tan & Le 2019) from each other. */
export interface EfficientPlan {
  readonly stem: number
  readonly stages: readonly EfficientStage[]
  readonly features: number
  /** Share of the pictures that the last block is left out for; of the others less, the earlier the less. */
  readonly skipped: number
  readonly dropout: number
}

export interface EfficientStage {
  readonly expansion: number
  readonly kernel: number
  /** Of the first block. */
  readonly stride: 1 | 2
  readonly channels: number
  readonly blocks: number
}

/** Twice as wide and 3.1 times as deep as the first EfficientNet. */
export const EFFICIENTNET_B7: EfficientPlan = {
  stem: 64,
  stages: [
    { expansion: 1, kernel: 3, stride: 1, channels: 32, blocks: 4 },
    { expansion: 6, kernel: 3, stride: 2, channels: 48, blocks: 7 },
    { expansion: 6, kernel: 5, stride: 2, channels: 80, blocks: 7 },
    { expansion: 6, kernel: 3, stride: 2, channels: 160, blocks: 10 },
    { expansion: 6, kernel: 5, stride: 1, channels: 224, blocks: 10 },
    { expansion: 6, kernel: 5, stride: 2, channels: 384, blocks: 13 },
    { expansion: 6, kernel: 3, stride: 1, channels: 640, blocks: 4 },
  ],
  features: 2560,
  skipped: 0.2,
  dropout: 0.5,
}

/** An EfficientNet without its last layer, with torchvision's names. */
export function efficientBackbone(plan: EfficientPlan): Backbone {
  const blocks = blocksOf(plan)
  const stem = normalised('features.0', [plan.stem, 3, 3, 3], 2)
  const last = plan.stages.at(-1)?.channels ?? plan.stem
  const top = normalised(`features.${plan.stages.length + 1}`, [plan.features, last, 1, 1], 1)
  return {
    layers: [stem, ...blocks.flatMap(layersOf), top],
    features: plan.features,
    heads: {
      module: 'efficientnet_b7.',
      classifier: 'classifier',
      // After a dropout, which is number 0.
      regressor: (cell) => `regressors.${cell}.1`,
    },
    normalisation: { epsilon: 1e-3, momentum: 0.01 },
    dropout: plan.dropout,
    run(x, layers) {
      const start: Tensor4D = silu(layers.normalised(x, stem))
      const end = blocks.reduce((input, block) => runBlock(input, block, layers), start)
      return tf.mean<Tensor2D>(silu(layers.normalised(end, top)), [1, 2])
    },
  }
}

type Normalised = NormalisedConvolution & Pick<SizedLayer, 'shape'>
type Biased = BiasedConvolution & Pick<SizedLayer, 'shape'>

/** Widens, filters each channel, weighs channels by their means ("squeeze and excitation"), and narrows. */
interface Block {
  readonly widen: Normalised | undefined
  readonly filter: Normalised
  readonly squeeze: Biased
  readonly excite: Biased
  readonly narrow: Normalised
  /** Whether the input is added. */
  readonly isResidual: boolean
  readonly skipped: number
  /** From 1. */
  readonly index: number
}

function blocksOf({ stem, stages, skipped }: EfficientPlan): Block[] {
  const total = stages.reduce((sum, { blocks }) => sum + blocks, 0)
  const found: Block[] = []
  let channels = stem
  stages.forEach(({ expansion, kernel, stride, channels: out, blocks }, stage) => {
    for (let i = 0; i < blocks; i++) {
      const name = `features.${stage + 1}.${i}.block`
      const wide = channels * expansion
      const step = i === 0 ? stride : 1
      const first = expansion === 1 ? 0 : 1
      const narrowed = Math.max(1, Math.floor(channels / 4))
      found.push({
        widen: first === 1 ? normalised(`${name}.0`, [wide, channels, 1, 1], 1) : undefined,
        filter: { ...normalised(`${name}.${first}`, [wide, 1, kernel, kernel], step), depthwise: true },
        squeeze: { convolution: `${name}.${first + 1}.fc1`, shape: [narrowed, wide, 1, 1] },
        excite: { convolution: `${name}.${first + 1}.fc2`, shape: [wide, narrowed, 1, 1] },
        narrow: normalised(`${name}.${first + 2}`, [out, wide, 1, 1], 1),
        isResidual: step === 1 && channels === out,
        skipped: (skipped * found.length) / total,
        index: found.length + 1,
      })
      channels = out
    }
  })
  return found
}

function layersOf({ widen, filter, squeeze, excite, narrow }: Block): SizedLayer[] {
  return [...(widen ? [widen] : []), filter, squeeze, excite, narrow]
}

function runBlock(x: Tensor4D, block: Block, layers: TrainedLayers): Tensor4D {
  const wide = block.widen ? silu(layers.normalised(x, block.widen)) : x
  const filtered = silu(layers.normalised(wide, block.filter))
  const means = tf.mean<Tensor4D>(filtered, [1, 2], true)
  const weights = tf.sigmoid(layers.biased(silu(layers.biased(means, block.squeeze)), block.excite))
  const narrow = layers.normalised(tf.mul(filtered, weights), block.narrow)
  return block.isResidual ? tf.add(layers.skipped(narrow, block.skipped, block.index), x) : narrow
}

function normalised(name: string, shape: Normalised['shape'], stride: 1 | 2): Normalised {
  return { convolution: `${name}.0`, norm: `${name}.1`, stride, shape }
}
