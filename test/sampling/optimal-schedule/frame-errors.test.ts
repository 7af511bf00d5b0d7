import { expect, test } from 'vitest'
import type { Optimality } from '../../../src/config/optimality.js'
import { frameErrors, type FrameChoice } from '../../../src/sampling/optimal-schedule/frame-errors.js'
import type { BoundRow } from '../../../src/sampling/stages/bound-step.js'
import { range } from '../../../src/schemes/range.js'
import { fakeDataset } from '../../training/fixtures.js'

const STEPS = 1000
const T = 10
const VIDEOS = 30
/** Each value says which video and frame it is from. Videos are longer than the plan: windows of them are taken. */
const dataset = fakeDataset({ videos: VIDEOS, frames: 12, T, pixel: (video, frame) => 8 * video + frame })
const choice: FrameChoice = { stage: 3, chosen: [1], latent: [4, 5], candidates: [0, 2, 3] }

/** The rows that the network is given for a choice, by candidate, and the errors that follow from them. */
async function rowsOf(changes: Partial<FrameChoice> = {}, optimality: Optimality = 'linspace-t') {
  const rows: BoundRow[] = []
  const run = (batch: readonly BoundRow[]) => {
    rows.push(...batch)
    // A mean over all frames, where each latent value has the error t and the others none.
    const mse = ({ t, stage: { observed, latent } }: BoundRow) =>
      (t * latent.length) / (observed.length + latent.length)
    return Promise.resolve(batch.map((row) => ({ vb: 0, xstart_mse: 0, mse: mse(row) })))
  }
  const options = { optimality, num_videos: VIDEOS, num_timesteps: 10, batch_size: 6, seed: 0 }
  const setup = { step: { run, dispose: () => undefined }, numTimesteps: STEPS, dataset, options }
  const asked = { ...choice, ...changes }
  const errors = await frameErrors(asked, setup, () => undefined)
  // Rows of one video follow each other, one per candidate.
  return { errors, byCandidate: asked.candidates.map((_, c) => rows.filter((_, i) => i % 3 === c)) }
}

const videosOf = (rows: readonly BoundRow[]) => rows.map(({ pixels }) => Math.floor((pixels[0] ?? 0) / 8))

test('videos take turns at ten evenly spread diffusion times, from the noisiest on', async () => {
  const { errors, byCandidate } = await rowsOf()
  const times = range(VIDEOS).map((i) => STEPS - 1 - 100 * (i % 10))
  for (const rows of byCandidate) expect(rows.map(({ t }) => t)).toEqual(times)
  expect(errors).toEqual([549, 549, 549])
})

test('errors are of latent values: conditioning on more frames alone does not change them', async () => {
  for (const chosen of [[], [1], [1, 6], [1, 6, 7, 8, 9]])
    for (const error of (await rowsOf({ chosen })).errors) expect(error).toBeCloseTo(549, 9)
})

test('all candidates are measured on the same windows of videos, times and noise', async () => {
  const { byCandidate } = await rowsOf({}, 'random-t')
  const [first = [], ...others] = byCandidate
  for (const rows of others) {
    expect(rows.map(({ t, seed }) => ({ t, seed }))).toEqual(first.map(({ t, seed }) => ({ t, seed })))
    expect(rows.map(({ pixels }) => pixels[0])).toEqual(first.map(({ pixels }) => pixels[0]))
  }
  expect(new Set(first.map(({ t }) => t)).size).toBeGreaterThan(VIDEOS / 2)
  expect(new Set(first.map(({ seed }) => seed.join())).size).toBe(VIDEOS)
  expect(byCandidate.map(([row]) => row?.stage)).toEqual(
    choice.candidates.map((frame) => ({ observed: [1, frame], latent: [4, 5] })),
  )
  // Each video once before any comes again.
  expect(videosOf(first).toSorted((a, b) => a - b)).toEqual(range(VIDEOS))
})

test('each choice draws its own videos and noise, the same whenever it is made', async () => {
  const drawn = async (changes: Partial<FrameChoice>) => {
    const [rows = []] = (await rowsOf(changes)).byCandidate
    return { videos: videosOf(rows), seeds: rows.map(({ seed }) => seed.join()) }
  }
  const first = await drawn({})
  expect(await drawn({})).toEqual(first)
  for (const changes of [{ stage: 4 }, { chosen: [1, 6] }]) {
    const other = await drawn(changes)
    expect(other.videos).not.toEqual(first.videos)
    expect(other.seeds.filter((seed) => first.seeds.includes(seed))).toEqual([])
  }
})

test('the network is given frames of one window: those chosen, the candidate, the latent ones', async () => {
  const { byCandidate } = await rowsOf()
  const starts = byCandidate.map((rows, c) =>
    rows.map(({ pixels, stage }, i) => {
      const frames = Array.from(
        { length: 4 },
        (_, k) => (pixels[k * (pixels.length / 4)] ?? NaN) - 8 * (videosOf(rows)[i] ?? NaN),
      )
      const start = (frames[0] ?? NaN) - 1
      expect(frames).toEqual([1, choice.candidates[c] ?? NaN, 4, 5].map((frame) => start + frame))
      expect([...stage.observed, ...stage.latent]).toEqual(frames.map((frame) => frame - start))
      return start
    }),
  )
  // A plan of 10 frames lies at any of three places in videos of 12.
  expect(new Set(starts.flat())).toEqual(new Set([0, 1, 2]))
})
