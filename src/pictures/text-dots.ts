import font from 'oled-font-5x7'
import type { Point, Shape } from './drawing.js'

/** From one character to the next: a glyph and a gap. */
const ADVANCE = font.width + 1

/**
 * Text as dots of one pixel, in capitals and small letters 7 pixels high, for pictures that have no fonts.
 * Characters that the font lacks are blank.
 * @returns the upper left corners of the dots; the text stands on `at`, on whole pixels
 */
export function textDots({ at: [x, y], text, anchor }: Extract<Shape, { kind: 'text' }>): Point[] {
  const characters = Array.from(text)
  const width = characters.length * ADVANCE - 1
  const share = { start: 0, middle: 0.5, end: 1 }[anchor]
  const [left, top] = [Math.round(x - share * width), Math.round(y) - font.height]
  return characters.flatMap((character, place) => {
    const glyph = font.lookup.indexOf(character)
    return glyph < 0 ? [] : dotsOf(glyph).map(([dx, dy]): Point => [left + place * ADVANCE + dx, top + dy])
  })
}

function dotsOf(glyph: number): Point[] {
  const columns = font.fontData.slice(glyph * font.width, (glyph + 1) * font.width)
  return columns.flatMap((bits, dx) =>
    Array.from({ length: 8 }, (_, dy) => dy)
      .filter((dy) => ((bits >> dy) & 1) === 1)
      .map((dy): Point => [dx, dy]),
  )
}
