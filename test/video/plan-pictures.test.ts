import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { planVideo } from '../../src/schemes/plan.js'
import { frameRoles, planPicture } from '../../src/video/plan-picture.js'
import { planSvg } from '../../src/video/plan-svg.js'
import { drawPlan, visualisationFile } from '../../src/video/visualise.js'

const settings = { videoLength: 6, observed: 3, maxFrames: 3, stepSize: 1 }
const stages = planVideo(autoreg, settings)

test('the picture has a row of cells per stage, a column per frame, and lines around them', async () => {
  const { width, height, data } = PNG.sync.read(Buffer.from(await planPicture(stages, settings)))
  expect([width, height]).toEqual([6 * 5 + 1, 3 * 5 + 1])
  const letters: Readonly<Record<string, string>> = {
    '0,0,0': '#',
    '255,255,255': '.',
    '50,50,50': 'd',
    '50,50,255': 'o',
    '255,69,0': 's',
  }
  const rows = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * 4
      return letters[[...data.subarray(at, at + 3)].join(',')] ?? '?'
    }).join(''),
  )
  const row = (cells: string) =>
    `#${cells
      .split('')
      .map((cell) => `${cell.repeat(4)}#`)
      .join('')}`
  const line = '#'.repeat(31)
  const block = (cells: string) => [...Array.from({ length: 4 }, () => row(cells)), line]
  expect(rows).toEqual([line, ...block('doos..'), ...block('ddoos.'), ...block('dddoos')])
})

test('the picture with labels names stages, frames and what they are', () => {
  const svg = planSvg('autoreg <&>', stages, settings)
  for (const part of [
    '>autoreg &lt;&amp;&gt;<',
    '>stage 2<',
    '>5<',
    'stage 1: frames 2 to 3 conditioned on',
    'stage 1: frame 4 sampled',
    'stage 0: frames 4 to 5 not there yet',
  ])
    expect(svg).toContain(part)
  // Every opened element is closed.
  expect(svg.match(/<g[ >]/g)).toHaveLength(svg.match(/<\/g>/g)?.length ?? 0)
})

test('a picture is as wide as its title', () => {
  const width = (title: string) => Number(/width="(\d+)"/.exec(planSvg(title, stages, settings))?.[1])
  expect(width('a'.repeat(200))).toBeGreaterThan(64 + 200 * 6)
  expect(width('a')).toBe(596)
})

test('files are named as the original names them', () => {
  const plan = { scheme: 'autoreg', settings, stages }
  expect(visualisationFile(plan)).toBe('visualisations/vis_autoreg_sampling-6-given-3_1-3-chunks')
  expect(visualisationFile({ ...plan, optimality: 'linspace-t', video: 2 })).toBe(
    'visualisations/vis_autoreg_sampling-6-given-3_1-3-chunks_optimal-linspace-t_index-2',
  )
})

test('the ending of a file says what is drawn', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'plan-'))
  const plan = { scheme: 'autoreg', settings, stages }
  await drawPlan(plan, path.join(folder, 'a.png'))
  await drawPlan(plan, path.join(folder, 'a.svg'))
  expect(readFileSync(path.join(folder, 'a.png')).subarray(1, 4).toString()).toBe('PNG')
  expect(readFileSync(path.join(folder, 'a.svg'), 'utf8')).toMatch(
    /^<svg .*autoreg, 6 frames from the first 3, at most 3 at once, 1 of them new, 3 stages/s,
  )
})

test('what one stage sampled is done for the stages after it', () => {
  const made = [
    { observed: [0], latent: [3] },
    { observed: [3], latent: [1] },
    { observed: [0], latent: [2] },
  ]
  expect([...frameRoles(made, { videoLength: 4, observed: 1 })]).toEqual([
    ['observed', 'absent', 'absent', 'sampled'],
    ['done', 'sampled', 'absent', 'observed'],
    ['observed', 'done', 'sampled', 'done'],
  ])
})

test('a plan of too many stages and frames for a PNG says what draws it', async () => {
  const settings = { videoLength: 10_000, observed: 36, maxFrames: 20, stepSize: 1 }
  const stages = planVideo(autoreg, settings)
  await expect(planPicture(stages, settings)).rejects.toThrow(
    /^9964 stages of 10000 frames make a PNG of 50001x49821 pixels, which is too large: draw an SVG/,
  )
  await expect(planPicture(stages, settings)).rejects.toThrow(UserError)
})

test('drawing a large plan with labels can be stopped', async () => {
  const large = { videoLength: 20_000, observed: 10, maxFrames: 20, stepSize: 10 }
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'fdm-plan-')), 'plan.svg')
  // More than what is drawn between two pauses.
  const plan = { scheme: 'autoreg', settings: large, stages: planVideo(autoreg, large).slice(0, 1100) }
  const stop = new AbortController()
  setImmediate(() => stop.abort())
  await expect(drawPlan(plan, file, stop.signal)).rejects.toThrow(/abort/)
  expect(existsSync(file)).toBe(false)
})
