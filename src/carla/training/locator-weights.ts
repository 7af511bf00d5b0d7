import type { WeightArray } from '../../torch-file/tensors-by-name.js'
import { fromTorchLayout, toTorchLayout } from '../../model/torch-layout.js'
import { scopeOf } from '../../nn/scope.js'
import { tf, type Tensor } from '../../runtime/tf.js'
import { orderedDict, tensor, type TorchTensor } from '../../torch-file/index.js'
import { readWeight, type NamedWeights } from '../network/folded-layers.js'
import { headsOf, readHeads } from '../network/heads.js'
import type { LocatorNetwork } from './locator-network.js'
import type { LocatorState } from './locator-step.js'

/** What the names of the layers before the last begin with in the original program's checkpoints. */
export function backbonePrefix({ kind, backbone }: LocatorNetwork): string {
  return kind === 'classifier' ? '' : backbone.heads.module
}

/**
 * Reads a network from its state dict.
 * @throws UserError naming file and tensor if one is missing or has another shape.
 */
export function readLocatorWeights(
  network: LocatorNetwork,
  file: { readonly file: string; readonly tensors: ReadonlyMap<string, WeightArray> },
): Pick<LocatorState, 'parameters' | 'statistics'> {
  const { kind, backbone } = network
  const weights: NamedWeights = { ...file, prefix: backbonePrefix(network) }
  const parameters = new Map<string, Tensor>()
  const statistics = new Map<string, Tensor>()
  for (const { convolution, norm, shape } of backbone.layers) {
    const kernel = readWeight(weights, `${convolution}.weight`, shape)
    parameters.set(`${convolution}.weight`, fromTorchLayout(kernel, shape))
    for (const [target, names] of [
      [parameters, vectorNames(convolution, norm).trained],
      [statistics, vectorNames(convolution, norm).running],
    ] as const)
      for (const name of names) target.set(name, tf.tensor1d(readWeight(weights, name, shape.slice(0, 1))))
  }
  const last = readHeads({ ...file, prefix: '' }, kind, backbone.features, backbone.heads)
  parameters.set('last.weight', last.weight).set('last.bias', last.bias)
  return { parameters, statistics }
}

/** The vectors that belong to a layer: what normalises it, or its bias. */
export function vectorNames(convolution: string, norm: string | undefined) {
  if (norm === undefined) return { trained: [`${convolution}.bias`], running: [] }
  return {
    trained: [`${norm}.weight`, `${norm}.bias`],
    running: [`${norm}.running_mean`, `${norm}.running_var`],
  }
}

/**
 * A network as PyTorch has it: its state dict under the original program's names, in its order.
 * @param step updates done, which PyTorch's batch normalisation counts
 */
export function locatorStateDict(
  network: LocatorNetwork,
  { parameters, statistics }: Pick<LocatorState, 'parameters' | 'statistics'>,
  step: number,
): ReadonlyMap<string, TorchTensor> {
  const { kind, backbone } = network
  const [trained, running] = [scopeOf(parameters), scopeOf(statistics)]
  const entry = (scope: typeof trained, name: string, shape: readonly number[]) =>
    [backbonePrefix(network) + name, tensor('float32', shape, toTorchLayout(scope.get(name)))] as const
  const layers = backbone.layers.flatMap(({ convolution, norm, shape }) => {
    const vectors = vectorNames(convolution, norm)
    const size = shape.slice(0, 1)
    return [
      entry(trained, `${convolution}.weight`, shape),
      ...vectors.trained.map((name) => entry(trained, name, size)),
      ...vectors.running.map((name) => entry(running, name, size)),
      ...(norm === undefined ? [] : [batchCount(`${backbonePrefix(network)}${norm}`, step)]),
    ]
  })
  const { names, rows } = headsOf(kind, backbone.heads)
  const matrix = toTorchLayout(trained.get('last.weight'))
  const bias = toTorchLayout(trained.get('last.bias'))
  const heads = names.flatMap((name, i) => {
    const rowsOf = (values: Float32Array, width: number) =>
      values.slice(i * rows * width, (i + 1) * rows * width)
    return [
      [`${name}.weight`, tensor('float32', [rows, backbone.features], rowsOf(matrix, backbone.features))],
      [`${name}.bias`, tensor('float32', [rows], rowsOf(bias, 1))],
    ] as const
  })
  return orderedDict([...layers, ...heads])
}

const batchCount = (norm: string, step: number) =>
  [`${norm}.num_batches_tracked`, tensor('int64', [], BigInt64Array.of(BigInt(step)))] as const
