import type { Tensor } from '../runtime/tf.js'

/** Parameters by PyTorch state-dict name, held in TensorFlow's layout (see `model/parameters.ts`). */
export type Parameters = ReadonlyMap<string, Tensor>

/** The parameters of one layer: names below a prefix. */
export interface Scope {
  /**
   * @throws Error if there is no parameter of that name: the architecture and the parameters disagree.
   */
  get(name: string): Tensor
  at(name: string): Scope
}

export function scopeOf(parameters: Parameters, prefix = ''): Scope {
  return {
    get(name) {
      const parameter = parameters.get(prefix + name)
      if (!parameter) throw new Error(`the model has no parameter ${prefix}${name}`)
      return parameter
    },
    at: (name) => scopeOf(parameters, `${prefix}${name}.`),
  }
}
