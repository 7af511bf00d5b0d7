import { expect, it } from 'vitest'
import { visibleCards, visibleEntries } from '../../src/runtime/visible-cards.js'

const A = { index: 0, uuid: 'GPU-11aa' }
const B = { index: 1, uuid: 'GPU-11bb' }
const C = { index: 2, uuid: 'GPU-22cc' }
const part = (uuid: string) => ({ index: -1, uuid })
const PART = part('MIG-5c1e')

it.each([
  [undefined, [A, B, C]],
  ['1', [B]],
  ['2,0', [C, A]],
  [' 1 , GPU-2', [B, C]],
  ['GPU-11b,0', [B, A]],
  ['', []],
  ['-1', []],
  ['1,-1,0', [B]],
  ['1,3,0', [B]],
  ['1,,0', [B]],
  ['1,cuda,0', [B]],
  ['GPU-33,0', []],
  // Two begin so.
  ['2,GPU-11,0', [C]],
  ['0,0', []],
  ['0,GPU-11aa', []],
  ['MIG-5c1e,1', [PART, B]],
])('of CUDA_VISIBLE_DEVICES=%s', (list, seen) => {
  expect(visibleCards([A, B, C], list, part)).toEqual(seen)
})

it('reads a list as far as CUDA does', () => {
  expect(visibleEntries('5, GPU-8932f937 ,MIG-1')).toEqual(['5', 'GPU-8932f937', 'MIG-1'])
  expect(visibleEntries('5,-1,6')).toEqual(['5'])
  expect(visibleEntries('')).toEqual([])
})
