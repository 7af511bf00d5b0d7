import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Optimality } from '../../../src/config/optimality.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { planOptimalSchedule } from '../../../src/sampling/optimal-schedule/plan-optimal-schedule.js'
import { claimsFolder, scheduleFolder } from '../../../src/sampling/optimal-schedule/schedule-folder.js'
import { scheduleFiles, writeSchedule } from '../../../src/sampling/results/schedule-files.js'
import { chosenScheme } from '../../../src/sampling/runs/chosen-scheme.js'
import { temporaryFolders } from '../../data/temporary.js'
import { BEST, inputs, optimise, T } from './fixtures.js'

const newFolder = temporaryFolders()
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

const settings = { videoLength: T, observed: 4, maxFrames: 4, stepSize: 2 }
const PLAIN = 'autoreg_4_2_10_4'
const OWN = 'autoreg_optimal-random-t_4_2_10_4'

const chosen = (parent: string, optimality: Optimality = 'random-t') =>
  path.basename(scheduleFolder(parent, { scheme: 'autoreg', settings, optimality }))

/** A schedule in a folder, or the beginning of one. */
function put(folder: string, kind?: Optimality, part: 'finished' | 'partial' = 'finished'): void {
  mkdirSync(folder, { recursive: true })
  writeSchedule(scheduleFiles(folder)[part], new Map([[0, [2, 3]]]))
  if (kind !== undefined) writeFileSync(scheduleFiles(folder).settings, JSON.stringify({ optimality: kind }))
}

test('schedules of two kinds are made side by side, and sampling finds each', async () => {
  const parent = newFolder()
  const kinds = ['linspace-t-force-nearby', 'linspace-t', 'random-t'] as const
  const names: string[] = []
  for (const optimality of kinds)
    names.push(path.basename((await optimise(inputs(parent, { optimality }))).folder))
  expect(names).toEqual([PLAIN, 'autoreg_optimal-linspace-t_4_2_10_4', OWN])
  const digests = kinds.map((optimality) => {
    const options = { sampling_scheme: 'autoreg', optimality, eval_dir: parent, optimal_schedule: undefined }
    const { scheme, optimised } = chosenScheme(options, settings, undefined)
    const observed = [...scheme.stages(settings)].map((stage) => stage.observed)
    return { observed, digest: optimised?.digest }
  })
  expect(digests[1]?.observed).toEqual([...BEST.values()])
  expect(digests[0]?.digest).not.toBe(digests[1]?.digest)
  // Again, each is found where it is.
  for (const [i, optimality] of kinds.entries()) {
    const { folder, stages } = await optimise(inputs(parent, { optimality }))
    expect(path.basename(folder)).toBe(names[i])
    expect(stages.every(({ isNew }) => !isNew)).toBe(true)
  }
  expect(readdirSync(parent).toSorted()).toEqual(names.toSorted())
})

test('what was begun is gone on with where it is', () => {
  const parent = newFolder()
  const [plain, own] = [path.join(parent, PLAIN), path.join(parent, OWN)]
  expect(chosen(parent)).toBe(PLAIN)
  // As the original names it.
  put(own)
  expect(chosen(parent)).toBe(OWN)
  expect(chosen(parent, 'linspace-t')).toBe(PLAIN)
  for (const part of ['partial', 'finished'] as const) {
    rmSync(plain, { recursive: true, force: true })
    put(plain, 'linspace-t', part)
    expect(chosen(parent)).toBe(OWN)
    rmSync(own, { recursive: true, force: true })
    expect(chosen(parent)).toBe(OWN)
    expect(chosen(parent, 'linspace-t')).toBe(PLAIN)
    put(plain, 'random-t', part)
    expect(chosen(parent)).toBe(PLAIN)
  }
  // Of a kind that nothing tells.
  rmSync(scheduleFiles(plain).settings)
  expect(chosen(parent)).toBe(PLAIN)
})

test('a folder in which others are at work on their first choice is theirs', () => {
  const parent = newFolder()
  const plain = path.join(parent, PLAIN)
  mkdirSync(claimsFolder(plain), { recursive: true })
  writeFileSync(scheduleFiles(plain).settings, JSON.stringify({ optimality: 'linspace-t' }))
  // Nobody is.
  expect(chosen(parent)).toBe(PLAIN)
  writeFileSync(path.join(claimsFolder(plain), 'stage_0.claim-1'), '')
  expect(chosen(parent)).toBe(OWN)
  expect(chosen(parent, 'linspace-t')).toBe(PLAIN)
})

test('of two kinds that are begun in one folder at the same moment, one is told to run again', async () => {
  const parent = newFolder()
  const runs = (['linspace-t', 'random-t'] as const).map((optimality, taskId) => ({
    ...inputs(parent, { optimality }),
    taskId,
  }))
  expect(new Set(runs.map((run) => planOptimalSchedule(run).folder)).size).toBe(1)
  const claims = { heartbeat: 50 }
  const all = await Promise.allSettled(runs.map((run) => optimise(run, { claims })))
  const refused = all.findIndex(({ status }) => status === 'rejected')
  expect(all[refused]).toMatchObject({
    reason: { message: expect.stringMatching(/run this again/) as unknown },
  })
  expect(all[1 - refused]).toMatchObject({ status: 'fulfilled' })
  const again = runs[refused]
  if (again) expect((await optimise(again)).stages.length).toBe(3)
})
