import { tensorflowBackend, type BindingAttribute, type OperationBinding } from './tensorflow-backend.js'
import type { Tensor } from './tf.js'

/** An attribute's value. Numbers are integers. */
export type AttributeValue = string | boolean | number | { readonly type: 'float32' | 'int32' }

/**
 * Runs an operation of TensorFlow by its name, for what the tensor library does not offer.
 * @param attributes all of them, as nothing is filled in
 * @throws Error on another backend, or what TensorFlow says of the operation.
 */
export function runOperation(
  name: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, AttributeValue>>,
): Tensor {
  const backend = tensorflowBackend()
  if (!backend) throw new Error(`${name} runs on TensorFlow alone`)
  const list = Object.entries(attributes).map(([key, value]) => bindingAttribute(backend.binding, key, value))
  const [output] = backend.executeMultipleOutputs(name, list, inputs, 1)
  if (!output) throw new Error(`${name} returned nothing`)
  return output
}

function bindingAttribute(binding: OperationBinding, name: string, value: AttributeValue): BindingAttribute {
  if (typeof value === 'string') return { name, type: binding.TF_ATTR_STRING, value }
  if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value }
  if (typeof value === 'number') return { name, type: binding.TF_ATTR_INT, value }
  const number = value.type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32
  return { name, type: binding.TF_ATTR_TYPE, value: number }
}
