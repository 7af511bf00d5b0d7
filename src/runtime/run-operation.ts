import { tensorflowBackend, type BindingAttribute, type OperationBinding } from './tensorflow-backend.js'
import type { Tensor } from './tf.js'

/** An attribute's value. Plain numbers are integers. */
export type AttributeValue =
  | string
  | boolean
  | number
  | { readonly float: number | readonly number[] }
  | { readonly type: 'float32' | 'int32' }

/** By name; all that an operation has, as nothing is filled in. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/**
 * Runs an operation of TensorFlow by its name, for what the tensor library does not offer.
 * @throws Error on another backend, or what TensorFlow says of the operation.
 */
export function runOperation(name: string, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  const [output] = runOperationOf(name, inputs, attributes, 1)
  if (!output) throw new Error(`${name} returned nothing`)
  return output
}

/** The same for an operation of any number of outputs, which must be right. */
export function runOperationOf(
  name: string,
  inputs: readonly Tensor[],
  attributes: Attributes,
  outputs: number,
): Tensor[] {
  const backend = tensorflowBackend()
  if (!backend) throw new Error(`${name} runs on TensorFlow alone`)
  const list = Object.entries(attributes).map(([key, value]) => bindingAttribute(backend.binding, key, value))
  return backend.executeMultipleOutputs(name, list, inputs, outputs)
}

function bindingAttribute(binding: OperationBinding, name: string, value: AttributeValue): BindingAttribute {
  if (typeof value === 'string') return { name, type: binding.TF_ATTR_STRING, value }
  if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value }
  if (typeof value === 'number') return { name, type: binding.TF_ATTR_INT, value }
  if ('float' in value) return { name, type: binding.TF_ATTR_FLOAT, value: value.float }
  const number = value.type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32
  return { name, type: binding.TF_ATTR_TYPE, value: number }
}
