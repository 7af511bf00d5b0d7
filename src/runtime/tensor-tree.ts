import { tf, type Tensor } from './tf.js'

/** Tensors in lists, records and maps, to any depth. What is left out (undefined) stays left out. */
export type TensorTree =
  | Tensor
  | undefined
  | readonly TensorTree[]
  | ReadonlyMap<string, TensorTree>
  | { readonly [name: string]: TensorTree }

/** The tensors of a tree, and how to put others in their places. */
export interface FlatTree<T> {
  readonly tensors: readonly Tensor[]
  /** The same for all trees of the same form, whatever their tensors. */
  readonly form: string
  readonly rebuild: (tensors: readonly Tensor[]) => T
}

/** Takes a tree apart: first things first, records and maps in the order of their entries. */
export function flattenTree<T>(tree: T): FlatTree<T> {
  const tensors: Tensor[] = []
  const form: string[] = []
  const rebuild = take(tree, tensors, form)
  return {
    tensors,
    form: form.join(''),
    rebuild: (others) => {
      if (others.length !== tensors.length)
        throw new RangeError(`${others.length} tensors for ${tensors.length} places`)
      return rebuild(others[Symbol.iterator]()) as T
    },
  }
}

type Rebuild = (tensors: Iterator<Tensor>) => unknown

function take(tree: unknown, tensors: Tensor[], form: string[]): Rebuild {
  if (tree === undefined) {
    form.push('-')
    return () => undefined
  }
  if (tree instanceof tf.Tensor) {
    tensors.push(tree as Tensor)
    form.push('*')
    return (others) => others.next().value as Tensor
  }
  if (typeof tree !== 'object' || tree === null)
    throw new TypeError(`arguments and results are made of tensors, not of a ${typeof tree}`)
  const isMap = tree instanceof Map
  const entries: [string, unknown][] = isMap ? [...(tree as Map<string, unknown>)] : Object.entries(tree)
  form.push(isMap ? 'map(' : Array.isArray(tree) ? '[' : '{')
  const parts = entries.map(([name, value]) => {
    form.push(JSON.stringify(name))
    return [name, take(value, tensors, form)] as const
  })
  form.push(')')
  return (others) => {
    const values = parts.map(([name, rebuild]) => [name, rebuild(others)] as const)
    if (isMap) return new Map(values)
    return Array.isArray(tree) ? values.map(([, value]) => value) : Object.fromEntries(values)
  }
}
