import type { Colour, Drawing, Point, Shape } from './drawing.js'

const FONT_SIZE = 12

/** A drawing as an SVG document. */
export function drawingSvg({ width, height, shapes }: Drawing): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${FONT_SIZE}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...shapes.map(element),
    '</svg>\n',
  ].join('\n')
}

function element(shape: Shape): string {
  switch (shape.kind) {
    case 'line':
      return `<polyline points="${shape.points.map(pair).join(' ')}" fill="none" stroke="${hex(shape.colour)}" stroke-width="${shape.width}" stroke-linejoin="round" stroke-linecap="round"/>`
    case 'rectangle': {
      const [[x, y], [w, h]] = [shape.corner, shape.size]
      return `<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" fill="${hex(shape.colour)}"/>`
    }
    case 'disc': {
      const [x, y] = shape.centre
      return `<circle cx="${short(x)}" cy="${short(y)}" r="${short(shape.radius)}" fill="${hex(shape.colour)}"/>`
    }
    case 'text': {
      const [x, y] = shape.at
      return `<text x="${short(x)}" y="${short(y)}" text-anchor="${shape.anchor}">${escaped(shape.text)}</text>`
    }
  }
}

const short = (value: number) => String(Math.round(value * 100) / 100)
const pair = ([x, y]: Point) => `${short(x)},${short(y)}`
const hex = (colour: Colour) => `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
