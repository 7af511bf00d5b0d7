import type { WeightArray } from '../../torch-file/tensors-by-name.js'
import { tensorflowNames } from './tensorflow-names.js'

/** A part of a layer of I3D. */
export type Part = 'kernel' | 'bias' | 'gamma' | 'beta' | 'mean' | 'variance'

/** Weights of I3D, in whichever form they were found. */
export interface WeightSource {
  readonly file: string
  /** Whether kernels are (t, h, w, in, out), not PyTorch's (out, in, t, h, w). */
  readonly channelsLast: boolean
  /** A part of a layer, which is named as in PyTorch; undefined if it is not there. */
  find(layer: string, part: Part): WeightArray | undefined
  /** What the part is called in this form. */
  nameOf(layer: string, part: Part): string
}

/** The layer by which a file is known. */
export const FIRST_LAYER = 'Conv3d_1a_7x7'

/** Weights under PyTorch's names, all behind a prefix that there may be; undefined if they are not there. */
export function torchSource(
  file: string,
  tensors: ReadonlyMap<string, WeightArray>,
): WeightSource | undefined {
  const nameOf = (layer: string, part: Part) => `${layer}.${TORCH_PARTS[part]}`
  const prefix = prefixBefore(tensors, nameOf(FIRST_LAYER, 'beta'))
  if (prefix === undefined) return undefined
  const find: WeightSource['find'] = (layer, part) => tensors.get(prefix + nameOf(layer, part))
  return { file, channelsLast: false, find, nameOf: (layer, part) => prefix + nameOf(layer, part) }
}

/** Weights under the names of the TensorFlow module; undefined if they are not there. */
export function tensorflowSource(
  file: string,
  tensors: ReadonlyMap<string, WeightArray>,
): WeightSource | undefined {
  const namesOf = (layer: string, part: Part) =>
    tensorflowNames(layer).map((name) => `${name}/${TENSORFLOW_PARTS[part]}`)
  const [first = ''] = namesOf(FIRST_LAYER, 'beta')
  const prefix = prefixBefore(tensors, first)
  if (prefix === undefined) return undefined
  return {
    file,
    channelsLast: true,
    find: (layer, part) =>
      namesOf(layer, part)
        .map((name) => tensors.get(prefix + name))
        .find((tensor) => tensor !== undefined),
    nameOf: (layer, part) => prefix + (namesOf(layer, part)[0] ?? ''),
  }
}

const TORCH_PARTS: Readonly<Record<Part, string>> = {
  kernel: 'conv3d.weight',
  bias: 'conv3d.bias',
  gamma: 'bn.weight',
  beta: 'bn.bias',
  mean: 'bn.running_mean',
  variance: 'bn.running_var',
}

const TENSORFLOW_PARTS: Readonly<Record<Part, string>> = {
  kernel: 'conv_3d/w',
  bias: 'conv_3d/b',
  gamma: 'batch_norm/gamma',
  beta: 'batch_norm/beta',
  mean: 'batch_norm/moving_mean',
  variance: 'batch_norm/moving_variance',
}

/** What stands before a name in the first key that ends in it, as a whole part of its path. */
function prefixBefore(tensors: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const prefixes = Array.from(tensors.keys(), (key) =>
    key.endsWith(name) ? key.slice(0, -name.length) : '-',
  )
  return prefixes.find((prefix) => /^$|[./]$/.test(prefix))
}
