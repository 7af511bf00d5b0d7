import { UserError } from '../../errors.js'
import type { WeightArray } from '../../torch-file/tensors-by-name.js'
import { fromTorchLayout } from '../../model/torch-layout.js'
import { biasAdd } from '../../nn/bias-add.js'
import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor, type Tensor4D } from '../../runtime/tf.js'
import type { Layers } from './layers.js'
import type { SizedConvolution } from './residual-plan.js'

/** Weights by name, of one file. */
export interface NamedWeights {
  readonly file: string
  readonly tensors: ReadonlyMap<string, WeightArray>
  /** What stands before each name. */
  readonly prefix: string
}

/** What batch normalisation adds to the variance in ResNets. */
const EPSILON = 1e-5

/**
 * Layers that compute with fixed statistics.
 * @param parameters as `foldNormalised` makes them
 */
export function foldedLayers(parameters: Parameters): Layers {
  const scope = scopeOf(parameters)
  return {
    normalised(x, { convolution, stride }) {
      const layer = scope.at(convolution)
      return biasAdd(convolve(x, layer.get('weight') as Tensor4D, stride), layer.get('bias'))
    },
  }
}

/** A convolution padded by half the kernel on every side, which is not TensorFlow's SAME where steps are 2. */
export function convolve(x: Tensor4D, kernel: Tensor4D, stride: number): Tensor4D {
  const half = Math.floor(kernel.shape[0] / 2)
  if (stride === 1 || half === 0) return tf.conv2d(x, kernel, stride, 'same')
  const padded = tf.pad(x, [[0, 0], [half, half], [half, half], [0, 0]]) // prettier-ignore
  return tf.conv2d(padded, kernel, stride, 'valid')
}

/**
 * Reads convolutions with their batch normalisation folded in: `<convolution>.weight` (k, k, in, out) and
 * `<convolution>.bias` (out).
 * @throws UserError naming the file and the tensor that is missing or has another shape.
 */
export function foldNormalised(
  weights: NamedWeights,
  convolutions: readonly SizedConvolution[],
): Map<string, Tensor> {
  const parameters = new Map<string, Tensor>()
  for (const { convolution, norm, shape } of convolutions) {
    const kernel = readWeight(weights, `${convolution}.weight`, shape)
    const vector = (part: string) => readWeight(weights, `${norm}.${part}`, shape.slice(0, 1))
    const [gamma, beta] = [vector('weight'), vector('bias')]
    const [mean, variance] = [vector('running_mean'), vector('running_var')]
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt((variance[i] ?? NaN) + EPSILON))
    const perOutput = kernel.length / shape[0]
    const scaled = kernel.slice()
    scale.forEach((factor, out) => {
      for (let i = out * perOutput; i < (out + 1) * perOutput; i++) scaled[i] = factor * (kernel[i] ?? NaN)
    })
    const bias = beta.map((value, i) => value - (mean[i] ?? NaN) * (scale[i] ?? NaN))
    parameters.set(`${convolution}.weight`, fromTorchLayout(scaled, shape))
    parameters.set(`${convolution}.bias`, tf.tensor1d(bias))
  }
  return parameters
}

/**
 * Reads one tensor.
 * @throws UserError naming file and tensor if it is missing or has another shape.
 */
export function readWeight(
  { file, tensors, prefix }: NamedWeights,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors.get(prefix + name)
  if (!tensor)
    throw new UserError(`${file}: the tensor ${prefix}${name} of shape [${shape.join(', ')}] is missing`)
  if (tensor.shape.join() !== shape.join())
    throw new UserError(
      `${file}: ${prefix}${name} has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`,
    )
  return tensor.toFloat32()
}
