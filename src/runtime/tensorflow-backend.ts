import { tf, type Tensor } from './tf.js'

/** An attribute as the addon takes it. `type` is one of its TF_ATTR_ constants. */
export interface BindingAttribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** A tensor as the addon knows it: a handle's number, and TensorFlow's number of the element type. */
export interface BindingTensor {
  readonly id: number
  readonly shape: readonly number[]
  readonly dtype: number
}

type Constant = `TF_ATTR_${'STRING' | 'INT' | 'FLOAT' | 'BOOL' | 'TYPE' | 'SHAPE'}` | `TF_${DTypeConstant}`
type DTypeConstant = 'FLOAT' | 'INT32' | 'BOOL' | 'INT64'

/** The part of the addon's interface that every kernel goes through. */
export interface OperationBinding extends Readonly<Record<Constant, number>> {
  createTensor(shape: readonly number[], dtype: number, values: HostValues): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): HostValues
  executeOp(
    name: string,
    attributes: readonly BindingAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): BindingTensor[]
}

export type HostValues = Float32Array | Int32Array | Uint8Array | BigInt64Array | readonly Uint8Array[]

/** The parts of the driver's backend that go beyond the tensor library's interface. */
export interface TensorFlowBackend {
  binding: OperationBinding
  /** Handles of tensors; those that were only on the host are put on the device. */
  getInputTensorIds(tensors: readonly Tensor[]): number[]
  /** Runs any operation by its name, which needs all attributes and the exact number of outputs. */
  executeMultipleOutputs(
    name: string,
    attributes: readonly BindingAttribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[]
  /** A tensor of the library for a tensor of the addon, or for a negative id, which stands for none. */
  createOutputTensor(tensor: BindingTensor): Tensor
  /** Takes host values that become a tensor. */
  write(values: HostValues, shape: readonly number[], dtype: string): object
}

/** The backend in use if it is TensorFlow, whoever built its addon. */
export function tensorflowBackend(): TensorFlowBackend | undefined {
  return tf.getBackend() === 'tensorflow' ? (tf.backend() as unknown as TensorFlowBackend) : undefined
}
