import { requireNetworkConfig, type ModelConfig } from '../../config/model.js'
import { trainOptions } from '../../config/training.js'
import { elementCount } from '../../element-count.js'
import { UserError } from '../../errors.js'
import { expectCount, expectObject, expectText } from '../../expect.js'
import { parameterSpecs, type ParameterSpec } from '../../model/parameters.js'
import { toTorchLayout } from '../../model/torch-layout.js'
import type { Parameters } from '../../nn/scope.js'
import { orderedDict, PyFloat, tensor, writeTorchFile, type TorchInput } from '../../torch-file/index.js'

export interface CheckpointContent {
  /** By PyTorch state-dict name, in TensorFlow's layout, as a model has them. Not disposed. */
  readonly parameters: Parameters
  /** What the model was made from. Further options, such as those of a training run, are written too. */
  readonly config: ModelConfig
  /** Updates done. */
  readonly step: number
}

/**
 * Writes a model or an average as a file that `loadCheckpoint`, the commands and PyTorch read. The file appears
 * whole or not at all. Reads the parameters back to the host.
 * @throws UserError for parameters that are not those of the configuration, or a file that cannot be written.
 */
export function writeCheckpoint(file: string, { parameters, config, step }: CheckpointContent): void {
  expectText('writeCheckpoint takes the path of a file', file)
  requireNetworkConfig('writeCheckpoint', config)
  expectObject('writeCheckpoint takes as parameters a Map', parameters, { get: 'function' })
  expectCount('writeCheckpoint takes as step an integer', step, 0)
  const tensors = parameterSpecs(config).map((spec) => [spec.name, torchTensor(parameters, spec)] as const)
  writeTorchFile(file, { state_dict: orderedDict(tensors), config: pythonConfig(config), step })
}

function torchTensor(parameters: Parameters, { name, shape }: ParameterSpec) {
  const parameter = parameters.get(name)
  const size = elementCount(shape)
  if (parameter?.size !== size)
    throw new UserError(
      `the configuration has a parameter ${name} of ${size} numbers, not ${parameter?.size ?? 'none'}`,
    )
  return tensor('float32', shape, toTorchLayout(parameter))
}

/** Options with Python's types: 0 is a float where the option is one. */
function pythonConfig(config: ModelConfig): TorchInput {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const option = Object.hasOwn(trainOptions, name)
        ? trainOptions[name as keyof typeof trainOptions]
        : null
      return [name, option?.kind === 'float' && typeof value === 'number' ? new PyFloat(value) : value]
    }),
  )
}
