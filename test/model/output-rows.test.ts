import { expect, it } from 'vitest'
import { outputParts, outputRows } from '../../src/model/output-rows.js'

it.each([
  // Four parts of two frames each: three wanted frames take two parts.
  [
    [0, 1, 0, 0, 1, 1, 0, 0],
    [0, 1, 4, 5],
  ],
  [
    [0, 0, 0, 0, 0, 0, 0, 1],
    [0, 7],
  ],
  // Five frames do not divide by four: parts end at the next whole frame.
  [
    [0, 0, 1, 0, 0],
    [0, 2],
  ],
  [
    [0, 1, 1, 0, 0],
    [0, 1, 2],
  ],
])('wanted %j: asked for %j', (wanted, asked) => {
  expect([...(outputRows(wanted) ?? [])]).toEqual(asked)
})

it('is left out where all frames are wanted, or all but less than a part', () => {
  expect(outputRows([1, 1, 1, 1])).toBeUndefined()
  expect(outputRows([1, 1, 0, 1, 1, 1, 1, 1])).toBeUndefined()
  expect(outputRows([1])).toBeUndefined()
})

it('holds every wanted frame once, whatever the mask', () => {
  for (let mask = 0; mask < 2 ** 10; mask++) {
    const wanted = Array.from({ length: 10 }, (_, i) => (mask >> i) & 1)
    const rows = outputRows(wanted) ?? wanted.map((_, i) => i)
    const held = new Set(rows)
    const missing = wanted.filter((isWanted, i) => isWanted !== 0 && !held.has(i))
    expect([held.size, missing]).toEqual([rows.length, []])
  }
})

it('asks for as many parts as it is told, all wanted frames among them', () => {
  const wanted = [0, 0, 0, 0, 0, 1, 0, 0]
  expect(outputParts(wanted)).toBe(1)
  expect([...(outputRows(wanted, 2) ?? [])]).toEqual([0, 1, 2, 5])
  expect(outputRows(wanted, 4)).toBeUndefined()
})
