import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { runReport } from '../../scripts/run-report.js'
import { defaultsOf } from '../../src/config/option.js'
import { reportOptions } from '../../src/config/report.js'
import { writeNpy } from '../../src/data/npy.js'
import { qualityCurves } from '../../src/evaluation/quality/quality-curves.js'
import { writeFileAtomic } from '../../src/files/write-file.js'
import { drawingSvg } from '../../src/pictures/drawing-svg.js'
import { sampleFile } from '../../src/sampling/results/results-layout.js'
import { writeSample } from '../../src/sampling/results/sample-file.js'
import { findFfmpeg } from '../../src/setup/ffmpeg.js'
import { findBrowser, loadedPage } from '../helpers/browser.js'
import { temporaryFolder } from '../torch-file/handmade.js'
import { film } from '../video/films.js'

const scratch = temporaryFolder()
const [T, SIZE] = [6, 16]
const first = path.join(scratch, 'results/m/autoreg_4_2_6_2')
const second = path.join(scratch, 'results/m/hierarchy-2_4_2_6_2')
const page = path.join(scratch, 'report.html')
const lines: string[] = []
const terminal = {
  signal: new AbortController().signal,
  log: (line: string) => lines.push(line),
  progress: () => ({ update: () => undefined, clear: () => undefined, stop: () => undefined }),
}
const report = (options: Partial<typeof defaults> = {}) =>
  runReport(
    { ...defaults, out: page, ...options, eval_dir: options.eval_dir ?? `${first},${second}` },
    terminal,
  )
const defaults = defaultsOf(reportOptions)

const summary = (value: number) => ({ value, standardError: 0.25, curve: [value, value + 1, value, value] })
const quality = (value: number) => ({ psnr: { mean: summary(value), best: summary(value + 1) } })

beforeAll(() => {
  const data = path.join(scratch, 'data/test')
  for (const video of [0, 1]) {
    // The truth is blue, samples are green.
    const shape = [T, SIZE, SIZE, 3]
    const blue = Uint8Array.from(film(T, SIZE, SIZE, () => [0, 0, 200]).data)
    writeNpy(path.join(data, `${video}.npy`), { dtype: 'uint8', shape, data: blue }) // prettier-ignore
    for (const run of [first, second])
      for (const idx of [0, 1])
        writeSample(
          sampleFile(run, video, idx),
          film(T, SIZE, SIZE, () => [0, 200, 0]),
        )
  }
  const config = { dataset: 'minerl', image_size: SIZE, data_dir: path.dirname(data) }
  for (const run of [first, second]) {
    writeFileSync(path.join(run, 'model_config.json'), JSON.stringify(config))
    const value = run === first ? 21.5 : 18.25
    writeFileSync(path.join(run, 'quality-2-2.json'), JSON.stringify({ ...quality(value), frames: '2-5' }))
    writeFileSync(
      path.join(run, 'quality-2-2.svg'),
      drawingSvg(qualityCurves(quality(value), [2, 3, 4, 5], 2)),
    )
  }
  writeFileSync(path.join(first, 'fvd-100-0.txt'), '1.237500000000000000e+02\n')
  writeFileSync(path.join(second, 'fvd-100-0.txt'), '99.5\n')
  const fvd = { interval: { low: 90.04, high: 110 }, kernel: { all: 0.12345 } }
  writeFileSync(path.join(second, 'fvd-100-0.json'), JSON.stringify(fvd))
  writeFileSync(
    path.join(second, 'carla-metrics-2-1.json'),
    JSON.stringify({ distance: 0.3456, outliers: 3.28 }),
  )
  writeFileSync(
    path.join(second, 'carla-metrics-2-1-map.svg'),
    drawingSvg({ width: 30, height: 40, shapes: [] }),
  )
  writeFileSync(
    path.join(second, 'mazes-accuracy-2-5.json'),
    JSON.stringify({ accuracy: 83.2, standardError: 1.5 }),
  )
})

/** Lets the page say what it shows once it is loaded. */
const WATCHER = `<script>addEventListener('load', () => {
  const media = [...document.querySelectorAll('video')]
  const canvas = Object.assign(document.createElement('canvas'), { width: 256, height: 384 }).getContext('2d')
  const facts = {
    text: document.body.innerText,
    images: [...document.images].map(({ naturalWidth, naturalHeight, clientWidth }) => [naturalWidth, naturalHeight, clientWidth > 0]),
    videos: media.map((video) => {
      canvas.drawImage(video, 0, 0)
      const colour = (x, y) => [...canvas.getImageData(x, y, 1, 1).data.slice(0, 3)]
      return { size: [video.videoWidth, video.videoHeight], seconds: video.duration, error: video.error?.message,
        truth: colour(64, 64), sample: colour(64, 192), border: colour(12, 64) }
    }),
    rows: [...document.querySelectorAll('#numbers tr')].map((row) => [...row.cells].map((cell) => cell.innerText)),
    overflow: document.documentElement.scrollWidth - innerWidth,
    requests: performance.getEntriesByType('resource').map(({ name }) => name.slice(0, 5)),
  }
  const said = document.createElement('pre')
  said.id = 'facts'
  said.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(facts))))
  document.body.append(said)
})</script>`

interface Facts {
  text: string
  images: [width: number, height: number, isShown: boolean][]
  videos: Record<'truth' | 'sample' | 'border' | 'size', number[]>[] & { seconds: number; error?: string }[]
  rows: string[][]
  overflow: number
  requests: string[]
}

function factsOf(browser: string, file: string): Facts {
  const watched = `${file}.watched.html`
  writeFileSync(watched, readFileSync(file, 'utf8') + WATCHER)
  const [, said = ''] = /<pre id="facts">([^<]*)<\/pre>/.exec(loadedPage(browser, watched)) ?? []
  return JSON.parse(Buffer.from(said, 'base64').toString()) as Facts
}

const browser = findBrowser()

describe.skipIf(!browser)(
  browser ? 'in a browser' : 'in a browser (skipped: no Chromium on this machine)',
  () => {
    test('numbers, curves, pictures and films are shown, from the file alone', async () => {
      await report()
      expect(lines.at(-1)).toBe(page)
      const facts = factsOf(browser ?? '', page)
      const row = (name: string) => facts.rows.find(([head]) => head?.startsWith(name))?.slice(1)
      expect(facts.rows[0]?.slice(1).map((head) => head.slice(0, 1))).toEqual(['A', 'B'])
      expect(row('FVD\n100 videos')).toEqual(['123.8', '99.5\n90.0 to 110.0'])
      expect(row('KVD\n100 videos')).toEqual(['–', '0.1235'])
      expect(row('PSNR in dB\n2 videos, mean of 2')).toEqual(['21.50\n± 0.25', '18.25\n± 0.25'])
      expect(row('PSNR in dB\n2 videos, best of 2')).toEqual(['22.50\n± 0.25', '19.25\n± 0.25'])
      expect(row('WD in m/s\n2 videos, sample 1')).toEqual(['–', '0.346'])
      expect(row('PO in %')).toEqual(['–', '3.28'])
      expect(row('maze accuracy in %\n2 videos, 5 of each')).toEqual(['–', '83.2\n± 1.5'])
      expect(facts.text).toContain(`A: ${first}`)
      expect(facts.text).toMatch(/data set\s+minerl/)
      expect(facts.text).toContain('The truth on top, below it 2 samples of 2 videos')

      // The comparison, and of each run curves and schedule; of the second a map.
      const pictures = facts.images.filter(([width]) => width !== 2 * 128)
      expect(pictures).toHaveLength(6)
      expect(pictures.every(([width, height, isShown]) => width > 0 && height > 0 && isShown)).toBe(true)
      expect(pictures.map(([width, height]) => `${width}x${height}`)).toContain('30x40')
      expect(facts.overflow).toBeLessThanOrEqual(0)
      expect(facts.requests.filter((name) => name !== 'data:')).toEqual([])

      if (findFfmpeg() === undefined) {
        expect(facts.images.filter(([width, height]) => width === 256 && height === 3 * 128)).toHaveLength(2)
        return
      }
      expect(facts.videos).toHaveLength(2)
      for (const video of facts.videos) {
        expect(video).toMatchObject({ size: [256, 3 * 128], seconds: 0.6 })
        const isNear = (a: number[], b: number[]) => a.every((part, c) => Math.abs(part - (b[c] ?? NaN)) < 12)
        expect(isNear(video.truth, [0, 0, 200]), `truth is ${video.truth.join()}`).toBe(true)
        expect(isNear(video.sample, [0, 200, 0]), `sample is ${video.sample.join()}`).toBe(true)
        expect(isNear(video.border, [255, 0, 0]), `border is ${video.border.join()}`).toBe(true)
      }
    })
  },
)

test('the page names no other place to load from', async () => {
  await report({ eval_dir: second, title: 'A <b> & "c"' })
  const html = readFileSync(page, 'utf8')
  expect(html).toContain('<h1>A &lt;b&gt; &amp; &quot;c&quot;</h1>')
  expect(html).not.toMatch(/(?:src|href)="(?!data:)/)
  expect(html).not.toMatch(/<script|@import|url\(/)
})

test('without --out it goes into the first folder', async () => {
  await report({ eval_dir: second, out: undefined, add_gt: false })
  expect(lines.at(-1)).toBe(path.join(second, 'report.html'))
  rmSync(path.join(second, 'report.html'))
})

test('stages that the name of the folder does not say are taken from a kept plan, or missed', async () => {
  for (const [name, text] of [
    ['adaptive-autoreg_4_2_6_2', 'they depended on the videos, and were not kept'],
    ['autoreg_optimal-linspace-t_4_2_6_2', 'they depended on an optimised schedule, and were not kept'],
    ['some-folder', 'the name of the folder says no scheme'],
  ] as const) {
    const run = path.join(scratch, 'stages', name)
    mkdirSync(run, { recursive: true })
    writeFileSync(path.join(run, 'model_config.json'), JSON.stringify({ dataset: 'minerl' }))
    await report({ eval_dir: run })
    expect(readFileSync(page, 'utf8')).toMatch(
      new RegExp(`<p class="note">No picture of the stages: ${text}`),
    )
    if (name === 'some-folder') continue

    const stages = [
      { observed: [0, 1], latent: [2, 3] },
      { observed: [0, 3], latent: [4, 5] },
    ]
    writeFileAtomic(path.join(run, 'plans/sample_0002-0.json'), JSON.stringify({ stages }))
    await report({ eval_dir: run })
    const [, caption, picture = ''] =
      /<figcaption>(The stages[^<]*)<\/figcaption><img src="data:image\/svg\+xml;base64,([^"]*)"/.exec(
        readFileSync(page, 'utf8'),
      ) ?? []
    expect(caption).toContain(name.startsWith('adaptive') ? 'of video 2' : 'by an optimised schedule')
    const svg = Buffer.from(picture, 'base64').toString()
    expect(svg).toContain('stage 1: frame 3 conditioned on')
    expect(svg).toContain('stage 1: frames 4 to 5 sampled')
    expect(svg).toContain(name.startsWith('adaptive') ? 'video 2' : 'optimised (linspace-t)')
  }
})

test('what cannot be used is named', async () => {
  await expect(report({ eval_dir: `${first},nowhere` })).rejects.toThrow(/there is no folder nowhere/)
  for (const typed of [`${first},`, `,${first}`, `${first},, ${second}`, ' '])
    await expect(report({ eval_dir: typed })).rejects.toThrow(/^--eval_dir ".*" has an empty entry/)
  const other = path.join(scratch, 'other')
  mkdirSync(other)
  await expect(report({ eval_dir: other, out: undefined })).rejects.toThrow(
    /other holds nothing to report on/,
  )
  expect(readdirSync(other)).toEqual([])
  const bad = path.join(scratch, 'bad,with comma/autoreg_4_2_6_2')
  mkdirSync(path.join(bad, 'samples'), { recursive: true })
  for (const [video, content] of ['', 'x'].entries()) writeFileSync(sampleFile(bad, video, 0), content)
  await expect(report({ eval_dir: bad })).rejects.toThrow(/holds no sample 0 of any video/)
  writeSample(sampleFile(bad, 2, 0), film(T, SIZE, SIZE))
  await expect(report({ eval_dir: bad, add_gt: false })).rejects.toThrow(/^2 of 3 samples cannot be used/)
  await report({ eval_dir: bad, add_gt: false, skip_bad: true })
  expect(lines.filter((line) => line.startsWith('left out')).length).toBe(2)
  expect(readFileSync(page, 'utf8')).toMatch(/<p class="note">left out: .*sample_0000-0\.npy/)
  writeFileSync(path.join(bad, 'mazes-accuracy-3-1.json'), '{}')
  await expect(report({ eval_dir: bad, add_gt: false, skip_bad: true })).rejects.toThrow(/mazes-accuracy-3-1\.json is damaged/) // prettier-ignore
})
