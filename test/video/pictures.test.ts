import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import type { Film } from '../../src/sampling/videos/video-batch.js'
import { enlarge } from '../../src/video/enlarge.js'
import { filmGrid } from '../../src/video/grid.js'
import { markObserved } from '../../src/video/mark-observed.js'
import { contactSheet, encodePng } from '../../src/video/png.js'
import { film, pixel } from './films.js'

const RED = [255, 0, 0]

test('a grid has films of a column below one another and columns side by side', () => {
  const at = (id: number): Film => film(2, 2, 3, (t, y, x) => [id, 10 * t + y, x])
  const grid = filmGrid([
    [at(1), at(2)],
    [at(3), at(4)],
  ])
  expect(grid.shape).toEqual([2, 4, 6, 3])
  for (const t of [0, 1]) {
    expect(pixel(grid, t, 0, 0)).toEqual([1, 10 * t, 0])
    expect(pixel(grid, t, 3, 2)).toEqual([2, 10 * t + 1, 2])
    expect(pixel(grid, t, 1, 3)).toEqual([3, 10 * t + 1, 0])
    expect(pixel(grid, t, 2, 5)).toEqual([4, 10 * t, 2])
  }
})

test('a grid refuses films that do not fit', () => {
  const [small, large] = [film(1, 2, 2), film(1, 3, 2)]
  expect(() => filmGrid([[small], [large]])).toThrow('do not make a grid')
  expect(() => filmGrid([[small, small], [small]])).toThrow('equally many')
  expect(() => filmGrid([])).toThrow('equally many')
})

test('the border is one pixel wide, one pixel in, on observed frames only', () => {
  const plain = film(3, 6, 5)
  const marked = markObserved(plain, [0, 2])
  for (const t of [0, 1, 2])
    for (let y = 0; y < 6; y++)
      for (let x = 0; x < 5; x++) {
        const red = t !== 1 && (y === 1 || y === 4 || x === 1 || x === 3)
        expect(pixel(marked, t, y, x)).toEqual(red ? RED : pixel(plain, t, y, x))
      }
  expect(markObserved(plain, [])).toEqual(plain)
  expect(pixel(markObserved(plain, [2, 9]), 2, 1, 0)).toEqual(RED)
})

test('enlarging repeats pixels', () => {
  const small = film(2, 2, 3)
  const large = enlarge(small, 3)
  expect(large.shape).toEqual([2, 6, 9, 3])
  for (const t of [0, 1])
    for (let y = 0; y < 6; y++)
      for (let x = 0; x < 9; x++)
        expect(pixel(large, t, y, x)).toEqual(pixel(small, t, Math.floor(y / 3), Math.floor(x / 3)))
})

test('a sheet has a row for each film, from its first frame to its last', () => {
  const films = [1, 2].map((id) => film(9, 2, 2, (t) => [id, t, 0]))
  const sheet = contactSheet(films, 3)
  expect(sheet.shape).toEqual([1, 4, 6, 3])
  expect([0, 2, 4].map((x) => pixel(sheet, 0, 0, x))).toEqual([
    [1, 0, 0],
    [1, 4, 0],
    [1, 8, 0],
  ])
  expect(pixel(sheet, 0, 3, 5)).toEqual([2, 8, 0])
  expect(contactSheet(films, 20).shape).toEqual([1, 4, 18, 3])
  expect(contactSheet(films, 1).shape).toEqual([1, 4, 2, 3])
})

test('a PNG holds the pixels', () => {
  const frame = film(1, 3, 5)
  const { width, height, data } = PNG.sync.read(Buffer.from(encodePng(frame)))
  expect([width, height]).toEqual([5, 3])
  expect([...data].filter((_, i) => i % 4 < 3)).toEqual([...frame.data])
})
