import type { TorchTensor } from './tensor.js'

/**
 * What a PyTorch file holds, in JavaScript. A `dict` whose keys are all text is a record (an object without
 * prototype) as long as a JavaScript object keeps its order, else a Map; `list` is an array, `tuple` an array
 * that `isTuple` recognises; `int` is a number, beyond 2^53 a bigint; `bytes` is a Uint8Array; `None` is null.
 */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TorchTensor
  | readonly TorchValue[]
  | ReadonlySet<TorchValue>
  | ReadonlyMap<TorchValue, TorchValue>
  | TorchRecord

export interface TorchRecord {
  readonly [name: string]: TorchValue
}

/**
 * What can be written: all that can be read, any record for a `dict`, `undefined` for None, and `PyFloat`. What
 * an object holds is checked when it is written: interfaces without index signature are to fit, too.
 */
export type TorchInput = null | undefined | boolean | number | bigint | string | object

/** A whole number that is written as Python's `float`: a plain 1 becomes the `int` 1, this the `float` 1.0. */
export class PyFloat {
  constructor(readonly value: number) {}
}

/** An array that is written as a Python tuple; otherwise an array like any other. */
export function tuple<T>(items: Iterable<T>): readonly T[] {
  return mark(Array.from(items), TUPLE)
}

export function isTuple(value: object): boolean {
  return TUPLE in value
}

/** A map that is written as a `collections.OrderedDict`, in this order: what PyTorch expects of a state dict. */
export function orderedDict<T>(entries: Iterable<readonly [string, T]>): ReadonlyMap<string, T> {
  return markOrdered(new Map(entries))
}

/** Whether a record or map was, or will be, a `collections.OrderedDict`. */
export function isOrderedDict(value: object): boolean {
  return ORDERED in value
}

export function markOrdered<T extends object>(value: T): T {
  return mark(value, ORDERED)
}

const TUPLE = Symbol('Python tuple')
const ORDERED = Symbol('Python OrderedDict')

/** The mark is not enumerable: copies and comparisons do not see it. */
function mark<T extends object>(value: T, symbol: symbol): T {
  return Object.defineProperty(value, symbol, { value: true })
}
