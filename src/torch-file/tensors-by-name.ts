import { TorchTensor, type TorchValue } from './index.js'

/** Values of a parameter as a file holds them. */
export interface WeightArray {
  readonly shape: readonly number[]
  toFloat32(): Float32Array
}

/**
 * All tensors inside of what a PyTorch file holds, by their paths: of a state dict, of a checkpoint around
 * one, or of a TorchScript module, whose attributes are its parts.
 */
export function tensorsByName(value: TorchValue): Map<string, WeightArray> {
  const tensors = new Map<string, WeightArray>()
  const visit = (item: TorchValue, path: string) => {
    if (item instanceof TorchTensor) tensors.set(path, item)
    else if (item !== null && typeof item === 'object' && !(item instanceof Uint8Array))
      for (const [key, inner] of item instanceof Map ? item : Object.entries(item as object))
        if (typeof key === 'string') visit(inner as TorchValue, path === '' ? key : `${path}.${key}`)
  }
  visit(value, '')
  return tensors
}
