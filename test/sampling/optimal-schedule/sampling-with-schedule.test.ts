import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { defaultsOf } from '../../../src/config/option.js'
import { samplingOptions, type SamplingConfig } from '../../../src/config/sampling.js'
import { UserError } from '../../../src/errors.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { scheduleFiles } from '../../../src/sampling/results/schedule-files.js'
import { chosenScheme } from '../../../src/sampling/runs/chosen-scheme.js'
import { planSampleRun } from '../../../src/sampling/runs/plan-sample-run.js'
import { temporaryFolders } from '../../data/temporary.js'
import { BEST, checkpoint, dataset, inputs, optimise, T } from './fixtures.js'

const newFolder = temporaryFolders()
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

/** A run of sampling below `eval_dir`, over videos as long as those that the schedule is for. */
function sampling(eval_dir: string | undefined, options: Partial<SamplingConfig> = {}) {
  const asked = { sampling_scheme: 'autoreg', n_obs: 4, eval_dir, optimality: 'linspace-t' } as const
  const all = { ...defaultsOf(samplingOptions), ...asked, ...options }
  return planSampleRun({ checkpoint, dataset, options: all, taskId: 0 })
}

test('sampling follows a schedule from either file, and names a stage that is missing', async () => {
  const parent = newFolder()
  expect(() => sampling(parent)).toThrow(
    /no optimised schedule \(linspace-t\) in .*autoreg_4_2_10_4, nor in autoreg_optimal-linspace-t_4_2_10_4 beside it: make it/,
  )
  const { folder } = await optimise(inputs(parent))
  const { finished } = scheduleFiles(folder)
  const observed = () => {
    const { scheme, settings } = sampling(parent)
    return [...scheme.stages(settings)].map((stage) => stage.observed)
  }
  expect(observed()).toEqual([...BEST.values()])
  const run = sampling(parent)
  expect(path.basename(run.folder)).toBe('autoreg_optimal-linspace-t_4_2_10_4')
  expect(run.optimised?.digest).toMatch(/^[0-9a-f]{16}$/)
  expect(() => sampling(parent, { optimality: 'random-t' })).toThrow(/no optimised schedule \(random-t\)/)

  rmSync(finished.torch)
  expect(observed()).toEqual([...BEST.values()])
  writeFileSync(finished.json, '{"0": [2, 3], "2": [1, 2]}')
  expect(() => sampling(parent)).toThrow(UserError)
  expect(() => sampling(parent)).toThrow(/stage 1 of 3 in .*optimal_schedule.json is missing/)
  for (const content of ['[]', '{"0": 3}', '{"x": [3]}', '{"0": [-1]}', 'null', '3']) {
    writeFileSync(finished.json, content)
    expect(() => sampling(parent)).toThrow(/optimal_schedule.json holds no schedule|stage 0 of 3/)
  }
  writeFileSync(finished.json, '{"0"')
  expect(() => sampling(parent)).toThrow(/could not read .*: it is no JSON/)
})

test('a damaged schedule says what becomes of it without the file', async () => {
  const parent = newFolder()
  const { finished, settings } = scheduleFiles((await optimise(inputs(parent))).folder)
  writeFileSync(finished.torch, '')
  const goBy = /optimal_schedule.pt: .*is empty; remove it to go by optimal_schedule.json beside it$/
  expect(() => sampling(parent)).toThrow(goBy)
  await expect(optimise(inputs(parent))).rejects.toThrow(goBy)
  // One that is named is the person's own.
  expect(() => sampling(parent, { optimal_schedule: finished.torch })).toThrow(/is empty$/)
  rmSync(finished.json)
  expect(() => sampling(parent)).toThrow(/is empty; remove it to have optimal-schedule make it anew$/)
  writeFileSync(settings, '[]')
  expect(() => sampling(parent)).toThrow(
    /settings.json is damaged: .*; remove it to take the schedule beside/,
  )
})

test('options of schedules that contradict each other are errors', () => {
  const optimality = undefined
  expect(() => sampling('x', { optimality, optimal_schedule: 'a.pt' })).toThrow(/needs --optimality/)
  expect(() => sampling('x', { sampling_scheme: 'adaptive-hierarchy-2' })).toThrow(/no --optimality for it/)
  expect(() =>
    chosenScheme(
      {
        sampling_scheme: 'adaptive-autoreg',
        optimality: 'linspace-t',
        eval_dir: undefined,
        optimal_schedule: undefined,
      },
      { videoLength: T, observed: 4, maxFrames: 4, stepSize: 2 },
      undefined,
    ),
  ).toThrow(/no --optimality for it/)
  expect(() => sampling('x', { optimal_schedule: 'missing.json' })).toThrow(/missing.json: it does not exist/)
})
