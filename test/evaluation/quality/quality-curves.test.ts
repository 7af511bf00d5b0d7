import { expect, test } from 'vitest'
import { qualityCurves } from '../../../src/evaluation/quality/quality-curves.js'
import { drawingSvg } from '../../../src/pictures/drawing-svg.js'
import type { Shape } from '../../../src/pictures/drawing.js'

const summary = (curve: number[]) => ({ value: 0, standardError: undefined, curve })
const quality = {
  psnr: { mean: summary([10, 20, 30]), best: summary([12, 32, 30]) },
  lpips: { mean: summary([0.5, 0.5, 0.5]), best: summary([0.5, 0.5, 0.5]) },
}
const isCurve = (shape: Shape) => shape.kind === 'line' && shape.width === 2
const texts = (shapes: readonly Shape[]) =>
  shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))

test('a chart for each metric, one below the other, with a line for mean and best', () => {
  const { height, shapes } = qualityCurves(quality, [5, 6, 7], 4)
  expect(height).toBe(2 * 240)
  const curves = shapes.flatMap((shape) => (isCurve(shape) && shape.kind === 'line' ? [shape.points] : []))
  expect(curves).toHaveLength(4)
  // Equal steps along both axes, more is higher up.
  const [first, ...rest] = curves[0] ?? []
  const steps = rest.map(([x, y], i) => [
    x - 280 * i - (first?.[0] ?? NaN),
    y + 64.8 * i - (first?.[1] ?? NaN),
  ])
  expect(steps.flat().map((number) => Math.round(number * 1e6) / 1e6)).toEqual([280, -64.8, 280, -64.8])
  expect(curves[2]?.every(([, y]) => y > 240 && y < 480)).toBe(true)
  expect(texts(shapes)).toEqual(
    expect.arrayContaining(['PSNR (dB, more is better)', 'best of 4', 'frame', '10', '15', '35', '5', '7']),
  )
})

test('one sample has no best one', () => {
  const { shapes } = qualityCurves(quality, [5, 6, 7], 1)
  expect(shapes.filter(isCurve)).toHaveLength(2)
  expect(texts(shapes)).toContain('mean')
  expect(drawingSvg({ width: 1, height: 1, shapes })).not.toMatch(/NaN|Infinity/)
})

test('a single frame and equal values still make a chart', () => {
  const flat = { ssim: { mean: summary([1]), best: summary([1]) } }
  expect(drawingSvg(qualityCurves(flat, [0], 1))).not.toMatch(/NaN|Infinity/)
})
