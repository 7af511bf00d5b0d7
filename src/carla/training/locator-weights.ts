import type { WeightArray } from '../../evaluation/weights/tensors-by-name.js'
import { fromTorchLayout, toTorchLayout } from '../../model/torch-layout.js'
import { scopeOf } from '../../nn/scope.js'
import { tf, type Tensor } from '../../runtime/tf.js'
import { orderedDict, tensor, type TorchTensor } from '../../torch-file/index.js'
import { readWeight, type NamedWeights } from '../network/folded-layers.js'
import { headsOf, readHeads, type LocatorKind } from '../network/heads.js'
import { convolutionsOf, featureCount } from '../network/residual-plan.js'
import type { LocatorNetwork } from './locator-network.js'
import type { LocatorState } from './locator-step.js'

/** What the names of the layers before the last begin with in the original program's checkpoints. */
export function backbonePrefix(kind: LocatorKind): string {
  return kind === 'classifier' ? '' : 'resnet.'
}

/**
 * Reads a network from its state dict.
 * @throws UserError naming file and tensor if one is missing or has another shape.
 */
export function readLocatorWeights(
  { kind, plan }: LocatorNetwork,
  file: { readonly file: string; readonly tensors: ReadonlyMap<string, WeightArray> },
): Pick<LocatorState, 'parameters' | 'statistics'> {
  const weights: NamedWeights = { ...file, prefix: backbonePrefix(kind) }
  const parameters = new Map<string, Tensor>()
  const statistics = new Map<string, Tensor>()
  for (const { convolution, norm, shape } of convolutionsOf(plan)) {
    const kernel = readWeight(weights, `${convolution}.weight`, shape)
    parameters.set(`${convolution}.weight`, fromTorchLayout(kernel, shape))
    const vector = (part: string) => tf.tensor1d(readWeight(weights, `${norm}.${part}`, shape.slice(0, 1)))
    for (const part of ['weight', 'bias']) parameters.set(`${norm}.${part}`, vector(part))
    for (const part of ['running_mean', 'running_var']) statistics.set(`${norm}.${part}`, vector(part))
  }
  const last = readHeads({ ...file, prefix: '' }, kind, featureCount(plan))
  parameters.set('last.weight', last.weight).set('last.bias', last.bias)
  return { parameters, statistics }
}

/**
 * A network as PyTorch has it: its state dict under the original program's names, in its order.
 * @param step updates done, which PyTorch's batch normalisation counts
 */
export function locatorStateDict(
  { kind, plan }: LocatorNetwork,
  { parameters, statistics }: Pick<LocatorState, 'parameters' | 'statistics'>,
  step: number,
): ReadonlyMap<string, TorchTensor> {
  const prefix = backbonePrefix(kind)
  const [trained, running] = [scopeOf(parameters), scopeOf(statistics)]
  const backbone = convolutionsOf(plan).flatMap(({ convolution, norm, shape }): [string, TorchTensor][] => {
    const vector = (scope: typeof trained, part: string): [string, TorchTensor] => [
      `${prefix}${norm}.${part}`,
      tensor('float32', shape.slice(0, 1), toTorchLayout(scope.get(`${norm}.${part}`))),
    ]
    const kernel = toTorchLayout(trained.get(`${convolution}.weight`))
    return [
      [`${prefix}${convolution}.weight`, tensor('float32', shape, kernel)],
      ...['weight', 'bias'].map((part) => vector(trained, part)),
      ...['running_mean', 'running_var'].map((part) => vector(running, part)),
      [`${prefix}${norm}.num_batches_tracked`, tensor('int64', [], BigInt64Array.of(BigInt(step)))],
    ]
  })
  const { names, rows } = headsOf(kind)
  const matrix = toTorchLayout(trained.get('last.weight'))
  const bias = toTorchLayout(trained.get('last.bias'))
  const features = featureCount(plan)
  const heads = names.flatMap((name, i): [string, TorchTensor][] => {
    const rowsOf = (values: Float32Array, width: number) =>
      values.slice(i * rows * width, (i + 1) * rows * width)
    return [
      [`${name}.weight`, tensor('float32', [rows, features], rowsOf(matrix, features))],
      [`${name}.bias`, tensor('float32', [rows], rowsOf(bias, 1))],
    ]
  })
  return orderedDict([...backbone, ...heads])
}
