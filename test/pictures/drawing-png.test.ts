import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import type { Shape } from '../../src/pictures/drawing.js'
import { drawingPng } from '../../src/pictures/drawing-png.js'

/** A picture of some shapes, one character a pixel: `#` black, `+` something between, `.` white. */
function drawn(shapes: readonly Shape[], width = 13, height = 9): string[] {
  const { data } = PNG.sync.read(Buffer.from(drawingPng({ width, height, shapes })))
  const mark = (level = NaN) => (level === 0 ? '#' : level === 255 ? '.' : '+')
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => mark(data[4 * (y * width + x)])).join(''),
  )
}

test('text is written in dots, standing on its place', () => {
  expect(drawn([{ kind: 'text', at: [1, 8], text: 'R1', anchor: 'start' }])).toEqual([
    '.............',
    '.####....#...',
    '.#...#..##...',
    '.#...#...#...',
    '.####....#...',
    '.#.#.....#...',
    '.#..#....#...',
    '.#...#..###..',
    '.............',
  ])
})

test('text begins, ends or has its middle at its place', () => {
  const text = (anchor: 'start' | 'middle' | 'end', x: number) =>
    drawn([{ kind: 'text', at: [x, 8], text: 'R1', anchor }])
  expect(text('end', 12)).toEqual(text('start', 1))
  expect(text('middle', 6.5)).toEqual(text('start', 1))
  // Beyond the edge, and without glyphs, there is nothing.
  expect(drawn([{ kind: 'text', at: [40, 8], text: 'R', anchor: 'start' }])).toEqual(drawn([]))
  expect(drawn([{ kind: 'text', at: [1, 8], text: '\u4e16', anchor: 'start' }])).toEqual(drawn([]))
})

test('edges of shapes between pixels are smooth', () => {
  const rows = drawn([{ kind: 'rectangle', corner: [1.5, 1], size: [2, 2], colour: [0, 0, 0] }], 5, 4)
  expect(rows).toEqual(['.....', '.+#+.', '.+#+.', '.....'])
})
