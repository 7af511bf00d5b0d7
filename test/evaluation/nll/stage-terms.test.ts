import { expect, test } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { stageTerms, type StageTermsOptions } from '../../../src/evaluation/nll/stage-terms.js'
import type { BoundRow, BoundTerms } from '../../../src/sampling/stages/bound-step.js'
import type { Film } from '../../../src/sampling/videos/video-batch.js'

const STEPS = 20
/** Frames of one pixel, as bright as their position. */
const film: Film = {
  shape: [8, 1, 1, 3],
  data: Uint8Array.from({ length: 24 }, (_, i) => Math.floor(i / 3)),
}
const stage = { observed: [7, 1, 3], latent: [2], index: 4 }
const of = { film, video: 5, stage }

async function measure(options: Partial<StageTermsOptions> = {}, changes: Partial<typeof of> = {}) {
  const rows: BoundRow[] = []
  const done: number[] = []
  const run = (batch: readonly BoundRow[]): Promise<BoundTerms[]> => {
    rows.push(...batch)
    return Promise.resolve(batch.map(({ t }) => ({ vb: t, xstart_mse: 10 * t, mse: 100 * t })))
  }
  const terms = await stageTerms(
    { ...of, ...changes },
    {
      ...{ step: { run, dispose: () => undefined }, numTimesteps: STEPS, count: 7, batchSize: 3, seed: 0 },
      onStep: (step) => done.push(step),
      ...options,
    },
  )
  return { rows, terms, done, seeds: rows.map(({ seed }) => seed.join()) }
}

test('the network is given the observed frames, then the latent ones, at each diffusion step that is chosen', async () => {
  const { rows, terms, done } = await measure()
  for (const { pixels, stage: given } of rows) {
    expect([...pixels].filter((_, i) => i % 3 === 0)).toEqual([7, 1, 3, 2])
    expect(given).toMatchObject({ observed: [7, 1, 3], latent: [2] })
  }
  expect(rows.map(({ t }) => t)).toEqual(terms.map(({ t }) => t))
  expect(done).toEqual([3, 6, 7])
})

test('means over four frames become means over the one that is latent', async () => {
  for (const { t, vb, xstart_mse, mse } of (await measure()).terms)
    expect([vb, xstart_mse, mse]).toEqual([4 * t, 40 * t, 400 * t])
})

test('each diffusion step, stage, video and seed has noise of its own, whatever the batch', async () => {
  const all = { count: STEPS }
  const { seeds } = await measure(all)
  expect(new Set(seeds).size).toBe(STEPS)
  expect((await measure({ ...all, batchSize: 20 })).seeds).toEqual(seeds)
  for (const other of [
    await measure({ ...all, seed: 1 }),
    await measure(all, { video: 6 }),
    await measure(all, { stage: { ...stage, index: 5 } }),
  ])
    expect(other.seeds.filter((seed) => seeds.includes(seed))).toEqual([])
})

test('a term that is not a number is an error that names stage and video', async () => {
  const run = (rows: readonly BoundRow[]) =>
    Promise.resolve(rows.map(() => ({ vb: NaN, xstart_mse: 0, mse: 0 })))
  const measured = measure({ step: { run, dispose: () => undefined } })
  await expect(measured).rejects.toThrow(UserError)
  await expect(measured).rejects.toThrow(/a term of stage 4 of video 5 is not a number/)
})
