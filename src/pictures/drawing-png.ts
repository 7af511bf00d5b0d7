import { encodePng } from '../video/png.js'
import type { Colour, Drawing, Point, Shape } from './drawing.js'
import { textDots } from './text-dots.js'

/** Each pixel is the mean of so many by so many, which makes edges smooth. */
const FINE = 3
const BLACK: Colour = [0, 0, 0]

/** A drawing as a PNG. */
export function drawingPng({ width, height, shapes }: Drawing): Uint8Array {
  const canvas: Canvas = {
    width: width * FINE,
    height: height * FINE,
    data: new Uint8Array(width * height * FINE * FINE * 3).fill(255),
  }
  for (const shape of shapes) paint(canvas, shape)
  return encodePng({ shape: [1, height, width, 3], data: shrink(canvas, width, height) })
}

interface Canvas {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

function paint(canvas: Canvas, shape: Shape): void {
  switch (shape.kind) {
    case 'line': {
      const { points, colour, width } = shape
      points.forEach((end, i) => {
        const start = points[i - 1] ?? end
        stroke(canvas, start, end, width / 2, colour)
      })
      break
    }
    case 'rectangle': {
      const [[x, y], [w, h]] = [shape.corner, shape.size]
      fill(canvas, [x, y], [x + w, y + h], shape.colour, () => true)
      break
    }
    case 'disc':
      disc(canvas, shape.centre, shape.radius, shape.colour)
      break
    case 'text':
      for (const [x, y] of textDots(shape)) fill(canvas, [x, y], [x + 1, y + 1], BLACK, () => true)
      break
  }
}

/** A line with round ends: discs half a pixel apart. */
function stroke(canvas: Canvas, start: Point, end: Point, radius: number, colour: Colour): void {
  const length = Math.hypot(end[0] - start[0], end[1] - start[1])
  const steps = Math.max(1, Math.ceil(2 * length))
  for (let i = 0; i <= steps; i++) {
    const share = i / steps
    const centre: Point = [start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])]
    disc(canvas, centre, radius, colour)
  }
}

function disc(canvas: Canvas, [x, y]: Point, radius: number, colour: Colour): void {
  fill(canvas, [x - radius, y - radius], [x + radius, y + radius], colour, (px, py) => {
    return (px - x) ** 2 + (py - y) ** 2 <= radius ** 2
  })
}

/** Colours what is inside, of all points between two corners. */
function fill(
  { width, height, data }: Canvas,
  low: Point,
  high: Point,
  colour: Colour,
  isInside: (x: number, y: number) => boolean,
): void {
  const first = (value: number) => Math.max(0, Math.ceil(value * FINE - 0.5))
  const last = (value: number, size: number) => Math.min(size - 1, Math.ceil(value * FINE - 0.5) - 1)
  for (let row = first(low[1]); row <= last(high[1], height); row++)
    for (let column = first(low[0]); column <= last(high[0], width); column++)
      if (isInside((column + 0.5) / FINE, (row + 0.5) / FINE)) data.set(colour, 3 * (row * width + column))
}

function shrink(canvas: Canvas, width: number, height: number): Uint8Array<ArrayBuffer> {
  const small = new Uint8Array(width * height * 3)
  for (let i = 0; i < small.length; i++) {
    const [channel, column, row] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
    let sum = 0
    for (let dy = 0; dy < FINE; dy++)
      for (let dx = 0; dx < FINE; dx++)
        sum += canvas.data[3 * ((row * FINE + dy) * canvas.width + column * FINE + dx) + channel] ?? 0
    small[i] = Math.round(sum / FINE ** 2)
  }
  return small
}
