import { UserError } from '../errors.js'
import type { ReadableDType, TensorData } from './dtype.js'

/** Whether a type of integers goes below 0, and its bits. */
const INTEGERS: Readonly<Partial<Record<ReadableDType, readonly [isSigned: boolean, bits: number]>>> = {
  int64: [true, 64],
  int32: [true, 32],
  int16: [true, 16],
  int8: [true, 8],
  uint8: [false, 8],
  uint16: [false, 16],
  uint32: [false, 32],
  uint64: [false, 64],
}

/**
 * Makes sure that values are what a type can hold: typed arrays would make other numbers of them without a word.
 * @throws UserError for an integer type, naming the first value that is no integer or outside of its range.
 */
export function requireIntegers(dtype: ReadableDType, values: TensorData | readonly number[]): void {
  const integers = INTEGERS[dtype]
  if (!integers) return
  const [isSigned, bits] = integers
  const least = isSigned ? -(2n ** BigInt(bits - 1)) : 0n
  const most = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n
  // Comparing numbers with bigints is exact, and slow.
  const [low, high] = bits < 64 ? [Number(least), Number(most)] : [least, most]
  for (const [i, value] of values.entries()) {
    if (value >= low && value <= high && (typeof value === 'bigint' || Number.isInteger(value))) continue
    throw new UserError(
      `tensor takes as values of ${dtype} integers from ${least} to ${most}, not ${value} (value ${i})`,
    )
  }
}
