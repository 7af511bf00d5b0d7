import type { DType } from '../dtype.js'
import type { TorchStorage } from '../storage.js'
import type { TorchTensor } from '../tensor.js'

/**
 * Python objects while a pickle is being interpreted. Lists are arrays, tuples marked arrays, sets are Sets,
 * `None`, numbers, text and bytes stand for themselves; everything else is one of these.
 */

/** A `dict` or something that holds one: keys in order of their first insertion. */
export class PyDict {
  readonly entries = new Map<unknown, unknown>()

  constructor(
    readonly kind: 'dict' | 'ordered' | 'attributes',
    entries: Iterable<readonly [unknown, unknown]> = [],
  ) {
    for (const [key, value] of entries) this.entries.set(key, value)
  }
}

/** A class or function that a pickle may name. Without `call`, it may be named and no more. */
export class PyGlobal {
  constructor(
    readonly name: string,
    readonly call?: (args: readonly unknown[]) => unknown,
  ) {}
}

/** A PyTorch element type, by its name in PyTorch. */
export class PyDType {
  constructor(readonly name: string) {}
}

/** A storage class: of typed elements, or of bytes. */
export class PyStorageClass {
  constructor(readonly dtype: DType | 'untyped') {}
}

/** A storage and the type of its elements. */
export class PyStorage {
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: DType | 'untyped',
  ) {}
}

/** NumPy's description of an element, such as `f8`; its byte order comes with its state. */
export class NumpyDType {
  order = '<'
  constructor(readonly code: string) {}
}

/** A NumPy array; what it holds comes with its state. */
export class NumpyArray {
  tensor: TorchTensor | undefined
}

/** Why a pickle cannot be loaded; the machine adds the file's name. */
export class PickleError extends Error {}
