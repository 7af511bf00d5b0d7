import { UserError } from '../../errors.js'
import type { NormalisedConvolution } from './layers.js'

/** What tells ResNets (He et al. 2016) from each other: the kind of their blocks, and how many each stage has. */
export interface ResidualPlan {
  /** `basic`: two 3x3 convolutions; `bottleneck`: 1x1, 3x3 and 1x1, the last four times as wide. */
  readonly block: 'basic' | 'bottleneck'
  readonly stages: readonly [number, number, number, number]
}

/** The published ones. */
export const RESIDUAL_PLANS = {
  resnet18: { block: 'basic', stages: [2, 2, 2, 2] },
  resnet34: { block: 'basic', stages: [3, 4, 6, 3] },
  resnet50: { block: 'bottleneck', stages: [3, 4, 6, 3] },
  resnet101: { block: 'bottleneck', stages: [3, 4, 23, 3] },
  resnet152: { block: 'bottleneck', stages: [3, 8, 36, 3] },
} as const satisfies Readonly<Record<string, ResidualPlan>>

/** A block: convolutions one after the other, and one beside them where the input has another shape. */
export interface Block {
  readonly convolutions: readonly SizedConvolution[]
  readonly shortcut: SizedConvolution | undefined
}

/** With its shape in PyTorch: (out, in, kernel, kernel). */
export interface SizedConvolution extends NormalisedConvolution {
  readonly shape: readonly [number, number, number, number]
}

/** The layer before the blocks. */
export const FIRST: SizedConvolution = {
  convolution: 'conv1',
  norm: 'bn1',
  stride: 2,
  shape: [64, 3, 7, 7],
}

/** Numbers that come out of a network for each picture: 512 or 2048. */
export function featureCount({ block }: ResidualPlan): number {
  return block === 'basic' ? 512 : 2048
}

/** All blocks in order, with torchvision's names. The stride of a bottleneck lies in its 3x3 convolution. */
export function blocksOf({ block, stages }: ResidualPlan): readonly Block[] {
  let channels = 64
  return stages.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index) => {
      const name = `layer${stage + 1}.${index}`
      const width = 64 * 2 ** stage
      const channelsIn = channels
      channels = block === 'basic' ? width : 4 * width
      const stride = index === 0 && stage > 0 ? 2 : 1
      const part = (number: number, shape: SizedConvolution['shape'], step: 1 | 2): SizedConvolution => ({
        convolution: `${name}.conv${number}`,
        norm: `${name}.bn${number}`,
        stride: step,
        shape,
      })
      const convolutions =
        block === 'basic'
          ? [part(1, [width, channelsIn, 3, 3], stride), part(2, [width, width, 3, 3], 1)]
          : [
              part(1, [width, channelsIn, 1, 1], 1),
              part(2, [width, width, 3, 3], stride),
              part(3, [channels, width, 1, 1], 1),
            ]
      const shortcut: SizedConvolution = {
        convolution: `${name}.downsample.0`,
        norm: `${name}.downsample.1`,
        stride,
        shape: [channels, channelsIn, 1, 1],
      }
      return { convolutions, shortcut: channels === channelsIn && stride === 1 ? undefined : shortcut }
    }),
  )
}

/** All convolutions, in the order of the state dict. */
export function convolutionsOf(plan: ResidualPlan): readonly SizedConvolution[] {
  const inBlocks = blocksOf(plan).flatMap(({ convolutions, shortcut }) =>
    shortcut ? [...convolutions, shortcut] : convolutions,
  )
  return [FIRST, ...inBlocks]
}

/**
 * The plan of the ResNet that some weights belong to, from their names.
 * @param names below any prefix
 * @throws UserError naming the file if they are not a ResNet's.
 */
export function planOf(file: string, names: ReadonlySet<string>): ResidualPlan {
  const count = (stage: number) => {
    let blocks = 0
    while (names.has(`layer${stage}.${blocks}.conv1.weight`)) blocks++
    return blocks
  }
  const stages = [count(1), count(2), count(3), count(4)] as const
  const missing = stages.findIndex((blocks) => blocks === 0)
  if (missing !== -1)
    throw new UserError(
      `${file}: the tensor layer${missing + 1}.0.conv1.weight is missing; these are not the weights of a ResNet`,
    )
  return { block: names.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic', stages }
}
