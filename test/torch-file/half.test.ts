import { expect, test } from 'vitest'
import { bfloat16ToNumber, halfToNumber, numberToBfloat16, numberToHalf } from '../../src/torch-file/half.js'

const ALL_BITS = Array.from({ length: 0x10000 }, (_, bits) => bits)
const isHalfNaN = (bits: number) => (bits & 0x7fff) > 0x7c00
const isBfloat16NaN = (bits: number) => (bits & 0x7fff) > 0x7f80

test('every half and every bfloat16 survives the way there and back', () => {
  expect(ALL_BITS.filter((bits) => !isHalfNaN(bits) && numberToHalf(halfToNumber(bits)) !== bits)).toEqual([])
  expect(
    ALL_BITS.filter((bits) => !isBfloat16NaN(bits) && numberToBfloat16(bfloat16ToNumber(bits)) !== bits),
  ).toEqual([])
  expect(ALL_BITS.filter((bits) => isHalfNaN(bits) !== Number.isNaN(halfToNumber(bits)))).toEqual([])
  expect(ALL_BITS.filter((bits) => isBfloat16NaN(bits) !== Number.isNaN(bfloat16ToNumber(bits)))).toEqual([])
  expect(halfToNumber(numberToHalf(NaN))).toBeNaN()
  expect(bfloat16ToNumber(numberToBfloat16(NaN))).toBeNaN()
})

test('a number between two neighbours goes to the nearer one, in the middle to the even one', () => {
  const wrong = ALL_BITS.filter((bits) => bits < 0x7bff).filter((bits) => {
    const [low, high] = [halfToNumber(bits), halfToNumber(bits + 1)]
    const even = bits % 2 === 0 ? bits : bits + 1
    return (
      numberToHalf((low + high) / 2) !== even ||
      numberToHalf(low * 0.75 + high * 0.25) !== bits ||
      numberToHalf(low * 0.25 + high * 0.75) !== bits + 1
    )
  })
  expect(wrong).toEqual([])
})

// torch.tensor(values).half() and .bfloat16(), PyTorch 2.13
test('values as PyTorch rounds them', () => {
  expect([0.1, 65519.9, 65520, 2 ** -25, 2 ** -25 * 1.01, -1e-9].map(numberToHalf)).toEqual([
    0x2e66, 0x7bff, 0x7c00, 0, 1, 0x8000,
  ])
  expect([0.1, 3.4e38, 1 + 2 ** -8, 1 + 3 * 2 ** -8].map(numberToBfloat16)).toEqual([
    0x3dcd, 0x7f80, 0x3f80, 0x3f82,
  ])
})
