import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'

/** Strides, in elements, of an array in C order: the last dimension is the fastest. */
export function contiguousStride(shape: readonly number[]): number[] {
  const stride: number[] = []
  let step = 1
  for (const size of shape.toReversed()) {
    stride.push(step)
    step *= Math.max(size, 1)
  }
  return stride.reverse()
}

/** Whether a view's elements lie one after the other in C order. The stride of a dimension of 1 is never used. */
export function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  if (shape.includes(0)) return true
  const expected = contiguousStride(shape)
  return shape.every((size, i) => size === 1 || stride[i] === expected[i])
}

/** How many elements of the storage a view reaches over, from its first to its last. */
export function spanOf(shape: readonly number[], stride: readonly number[]): number {
  if (shape.includes(0)) return 0
  return shape.reduce((span, size, i) => span + (size - 1) * (stride[i] ?? 0), 1)
}

/**
 * Checks that a view lies inside its storage.
 * @param capacity elements in the storage
 * @throws UserError naming `where`, the value and the limit.
 */
export function checkView(
  where: string,
  shape: readonly number[],
  stride: readonly number[],
  offset: number,
  capacity: number,
): void {
  const fail = (what: string) => new UserError(`${where}: ${what}`)
  if (shape.length > MAX_DIMENSIONS)
    throw fail(`a tensor has ${shape.length} dimensions, the limit is ${MAX_DIMENSIONS}`)
  const text = `a tensor of shape [${shape.join(', ')}]`
  if (stride.length !== shape.length)
    throw fail(`${text} has ${stride.length} strides, ${shape.length} were expected`)
  const bad = [...shape, ...stride, offset].find((value) => !Number.isSafeInteger(value) || value < 0)
  if (bad !== undefined)
    throw fail(
      `${text}, strides [${stride.join(', ')}] and offset ${offset}: ${bad} is not a whole number of 0 or more`,
    )
  const end = offset + spanOf(shape, stride)
  if (!Number.isSafeInteger(elementCount(shape)) || end > capacity)
    throw fail(
      `${text}, strides [${stride.join(', ')}] and offset ${offset} needs ${end} elements of a storage of ${capacity}`,
    )
}

type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array

/** Copies the elements of a view, whose first is `source[0]`, to `target` in C order. */
export function gatherStrided<W extends Words>(
  source: W,
  target: W,
  shape: readonly number[],
  stride: readonly number[],
): void {
  const inner = shape.at(-1) ?? 1
  const innerStride = stride.at(-1) ?? 0
  const index = new Array<number>(Math.max(shape.length - 1, 0)).fill(0)
  let from = 0
  for (let to = 0; to < target.length; to += inner) {
    for (let i = 0; i < inner; i++)
      target[to + i] = source[from + i * innerStride] as W[number] & bigint & number
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1
      from += stride[axis] ?? 0
      index[axis] = next
      if (next < (shape[axis] ?? 0)) break
      from -= next * (stride[axis] ?? 0)
      index[axis] = 0
    }
  }
}

/** As many as PyTorch itself takes. */
const MAX_DIMENSIONS = 64
