import { requireNetworkConfig, type NetworkConfig } from '../config/model.js'
import type { Conditioning, Network } from '../diffusion/types.js'
import { UserError } from '../errors.js'
import { expectCount, expectObject, expectShape } from '../expect.js'
import { requireParameters } from '../nn/require-parameters.js'
import type { Parameters } from '../nn/scope.js'
import { tf, type Tensor, type Tensor5D } from '../runtime/tf.js'
import type { OnAttention } from './factorized-attention.js'
import { initialParameters } from './initial-values.js'
import { parameterSpecs } from './parameters.js'
import { fromTorchLayout } from './torch-layout.js'
import { unet, type UNetInputs, type UNetOptions } from './unet.js'

/** A network with its parameters. */
export interface VideoModel {
  readonly config: NetworkConfig
  /** By PyTorch state-dict name, in PyTorch's order, in TensorFlow's layout. */
  readonly parameters: Parameters
  /**
   * One evaluation: (B, T, H, W, 3), or 6 channels with a learned variance. The caller owns it.
   * @throws UserError for tensors whose shapes do not go together, or if the model was disposed of.
   */
  apply(inputs: UNetInputs, options?: UNetOptions): Tensor5D
  /** The network with its conditioning closed over, as diffusions and samplers take it. */
  conditioned(conditioning: Conditioning): Network
  /** The same network with other parameters, which it does not own: what a gradient is taken through. */
  with(parameters: Parameters): Pick<VideoModel, 'apply' | 'conditioned'>
  /** Frees the parameters. */
  dispose(): void
}

/** Parameters to build a model from: PyTorch's names, shapes and layout. */
export type TorchParameters = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; toFloat32(): Float32Array }
>

/**
 * A model with fresh parameters (`seed`) or given ones (`parameters`, in PyTorch's layout). The runtime
 * must have been started; the caller disposes of the model.
 * @throws UserError if no runtime was started, naming the option that does not fit, or the first parameter that
 * is missing, superfluous or of another shape.
 */
export function createModel(
  config: NetworkConfig,
  source: { readonly seed: number } | { readonly parameters: TorchParameters } = { seed: 0 },
): VideoModel {
  requireNetworkConfig('createModel', config)
  if (!tf.getBackend()) throw new UserError('there is nothing to compute on yet: call startRuntime first')
  const what = 'createModel takes as source { seed } or { parameters }'
  expectObject(what, source, {})
  if ('seed' in source) expectCount('createModel takes as seed an integer', source.seed, 0)
  else expectObject(what, source.parameters, { get: 'function', keys: 'function' })
  return modelOf(
    config,
    'seed' in source ? initialParameters(config, source.seed) : load(config, source.parameters),
  )
}

/** A model around parameters that are already on the device; it owns them from then on. */
export function modelOf(config: NetworkConfig, parameters: Parameters): VideoModel {
  const apply = (inputs: UNetInputs, options: UNetOptions = {}): Tensor5D => {
    requireParameters('the network', parameters)
    checkInputs(inputs)
    const { onAttention } = options
    const seen: Tensor[] = []
    const note: OnAttention = (layer, weights) => {
      seen.push(weights)
      onAttention?.(layer, weights)
    }
    const noting = onAttention ? { ...options, onAttention: note } : options
    const [output] = tf.tidy((): [Tensor5D, ...Tensor[]] => {
      return [unet(parameters, config, inputs, noting), ...seen]
    })
    return output
  }
  return {
    config,
    parameters,
    apply,
    conditioned: (conditioning) => (x, timesteps) => apply({ ...conditioning, x, timesteps }),
    with: (others) => modelOf(config, others),
    dispose: () => tf.dispose([...parameters.values()]),
  }
}

function checkInputs({ x, x0, timesteps, frameIndices, obsMask, latentMask }: UNetInputs): void {
  const takes = 'the network takes as'
  expectObject(`${takes} x videos (B, T, H, W, 3)`, x, { shape: 'object' })
  const [B, T, H, W] = x.shape
  expectShape(`${takes} x`, x, [B, T, H, W, 3])
  expectShape(`${takes} x0`, x0, x.shape)
  expectShape(`${takes} timesteps`, timesteps, [B])
  for (const [name, perFrame] of Object.entries({ frameIndices, obsMask, latentMask }))
    expectShape(`${takes} ${name}`, perFrame, [B, T])
}

function load(config: NetworkConfig, given: TorchParameters): Parameters {
  const specs = parameterSpecs(config)
  const known = new Set(specs.map(({ name }) => name))
  const superfluous = [...given.keys()].find((name) => !known.has(name))
  if (superfluous !== undefined)
    throw new UserError(`the checkpoint has a parameter ${superfluous} that its configuration does not`)
  for (const { name, shape } of specs) {
    const parameter = given.get(name)
    if (!parameter) throw new UserError(`the checkpoint has no parameter ${name}`)
    if (parameter.shape.join() !== shape.join())
      throw new UserError(
        `parameter ${name} has shape [${parameter.shape.join(', ')}], not [${shape.join(', ')}]`,
      )
  }
  // Where one of them cannot be read, those before it are freed.
  const entries = tf.tidy(() =>
    specs.map(({ name, shape }): [string, Tensor] => [
      name,
      fromTorchLayout(given.get(name)?.toFloat32() ?? new Float32Array(), shape),
    ]),
  )
  return new Map(entries)
}
