import type { NetworkConfig } from '../config/model.js'
import { elementCount } from '../element-count.js'
import type { Parameters } from '../nn/scope.js'
import { hostRandom } from '../random.js'
import { parameterSpecs, type ParameterSpec } from './parameters.js'
import { fromTorchLayout } from './torch-layout.js'

/**
 * Fresh parameters: PyTorch's default distributions, zero where the original zeroes a layer. The values
 * depend on the seed and the parameter's name alone.
 */
export function initialParameters(config: NetworkConfig, seed: number): Parameters {
  return new Map(
    parameterSpecs(config).map((spec) => [spec.name, fromTorchLayout(initialValues(spec, seed), spec.shape)]),
  )
}

function initialValues({ name, shape, initial }: ParameterSpec, seed: number): Float32Array {
  const values = new Float32Array(elementCount(shape))
  if (initial.kind === 'ones') values.fill(1)
  if (initial.kind === 'uniform') {
    const random = hostRandom('initial values', seed, name)
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * initial.bound
  }
  return values
}
