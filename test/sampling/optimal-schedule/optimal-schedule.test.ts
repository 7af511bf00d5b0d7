import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { bootId, machineName } from '../../../src/machine.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { nearbyFrames } from '../../../src/sampling/optimal-schedule/nearby-frames.js'
import type { ChosenFrame, FinishedStage } from '../../../src/sampling/optimal-schedule/optimise-schedule.js'
import { planOptimalSchedule } from '../../../src/sampling/optimal-schedule/plan-optimal-schedule.js'
import { scheduleFiles, writeSchedule } from '../../../src/sampling/results/schedule-files.js'
import { readTorchFile } from '../../../src/torch-file/index.js'
import { temporaryFolders } from '../../data/temporary.js'
import { fakeDataset } from '../../training/fixtures.js'
import { SIZE } from '../fake-model.js'
import { BEST, checkpoint, dataset, inputs, optimise, T } from './fixtures.js'

const newFolder = temporaryFolders()
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

test('chooses the frames with the smallest error, and writes both kinds of file', async () => {
  const errors = new Map<number, number[]>()
  const onChoice = ({ stage, error }: ChosenFrame) =>
    void errors.set(stage, [...(errors.get(stage) ?? []), error])
  const { folder, stages } = await optimise(inputs(newFolder()), { onChoice })
  expect(path.basename(folder)).toBe('autoreg_4_2_10_4')
  expect(stages.map(({ stage, isNew }) => [stage, isNew])).toEqual([[0, true], [1, true], [2, true]]) // prettier-ignore
  expect(new Map(stages.map(({ stage, frames }) => [stage, frames]))).toEqual(BEST)
  const { finished, settings } = scheduleFiles(folder)
  expect(readTorchFile(finished.torch)).toEqual(BEST)
  expect(JSON.parse(readFileSync(finished.json, 'utf8'))).toEqual(Object.fromEntries(BEST))
  expect(JSON.parse(readFileSync(settings, 'utf8'))).toMatchObject({
    optimality: 'linspace-t',
    num_videos: 4,
  })
  expect([...errors.values()].map((each) => each.length)).toEqual([2, 2, 2])
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
})

test('stopped after a choice, goes on with the next one, and comes to the same', async () => {
  const run = inputs(newFolder())
  const choices: string[] = []
  for (let times = 0; times < 6; times++) {
    const abort = new AbortController()
    const onChoice = ({ stage, chosen }: ChosenFrame) => {
      choices.push(`${stage}: ${chosen}`)
      // The choice at hand is saved; nothing of the next one is measured.
      abort.abort(new Error('stopped'))
    }
    const attempt = optimise(run, { onChoice, signal: abort.signal })
    if (times < 5) await expect(attempt).rejects.toThrow('stopped')
    else expect((await attempt).stages.map(({ isNew }) => isNew)).toEqual([false, false, true])
    const { partial } = scheduleFiles(planOptimalSchedule(run).folder)
    if (times === 2) expect(readTorchFile(partial.torch)).toEqual(new Map([[1, [expect.any(Number)]]]))
  }
  expect(choices).toEqual(['0: 1', '0: 2', '1: 1', '1: 2', '2: 1', '2: 2'])
  const { folder, stages } = await optimise(run)
  expect(stages.every(({ isNew }) => !isNew)).toBe(true)
  expect(readTorchFile(scheduleFiles(folder).finished.torch)).toEqual(BEST)
})

test('hears signals while it computes', async () => {
  const abort = new AbortController()
  let choices = 0
  const onChoice = () => (choices += 1)
  // Fires when the event loop comes round, as a signal's listener does.
  setImmediate(() => abort.abort(new Error('stopped')))
  const attempt = optimise(inputs(newFolder()), { onChoice, signal: abort.signal })
  await expect(attempt).rejects.toThrow('stopped')
  expect(choices).toBe(0)
})

test('a file where its folder should be is an error that names it', async () => {
  const file = path.join(newFolder(), 'file')
  writeFileSync(file, '')
  await expect(optimise(inputs(file))).rejects.toThrow(
    /^could not write .*a part of its path is a file, not a folder$/,
  )
})

test('shared by several at once, no stage is done twice', async () => {
  const folder = newFolder()
  const choices: number[] = []
  const onChoice = ({ stage }: ChosenFrame) => void choices.push(stage)
  const claims = { heartbeat: 50 }
  const runs = [0, 1, 1].map((taskId) => ({ ...inputs(folder), taskId }))
  const all = await Promise.all(runs.map((run) => optimise(run, { onChoice, claims })))
  expect(choices.sort()).toEqual([0, 0, 1, 1, 2, 2])
  expect(all.flatMap(({ stages }) => stages.filter(({ isNew }) => isNew)).length).toBe(3)
  for (const { stages } of all) expect(stages.map(({ stage }) => stage).toSorted()).toEqual([0, 1, 2])
  expect(readTorchFile(scheduleFiles(all[0]?.folder ?? '').finished.torch)).toEqual(BEST)
})

test('of processes with other settings that begin together, those that choose first go on', async () => {
  const folder = newFolder()
  const runs = [0, 1].map((taskId) => ({ ...inputs(folder, { seed: taskId, num_videos: 3 }), taskId }))
  const all = await Promise.allSettled(runs.map((run) => optimise(run, { claims: { heartbeat: 50 } })))
  const done = all.findIndex(({ status }) => status === 'fulfilled')
  expect(all[1 - done]).toMatchObject({
    reason: new UserError(
      `the stages of the schedule in ${path.join(folder, 'autoreg_4_2_10_4')} were made with seed ${done}, these would be ` +
        `with seed ${1 - done}: give the same again, or another folder with --eval_dir; ` +
        'sample takes a schedule from elsewhere with --optimal_schedule',
    ),
  })
  const { finished, settings } = scheduleFiles(path.join(folder, 'autoreg_4_2_10_4'))
  expect(JSON.parse(readFileSync(settings, 'utf8'))).toMatchObject({ seed: done })
  expect(readTorchFile(finished.torch)).toEqual(BEST)
})

test('a stage that another process finished with other settings is not taken for one of these', async () => {
  const run = inputs(newFolder())
  const { finished, settings } = scheduleFiles(planOptimalSchedule(run).folder)
  let claimed = 0
  const clock = () => {
    if (++claimed === 2) {
      writeSchedule(finished, BEST)
      writeFileSync(settings, JSON.stringify({ seed: 1 }))
    }
    return 0
  }
  await expect(optimise(run, { claims: { clock } })).rejects.toThrow(/made with seed 1, these .* with seed 0/)
})

test('a stage that is finished between the look and the claim is not done again', async () => {
  const run = inputs(newFolder())
  const { finished } = scheduleFiles(planOptimalSchedule(run).folder)
  let claimed = 0
  const clock = () => {
    // Asked for the time that goes into a claim: first of the files, then of stage 0.
    if (++claimed === 2) writeSchedule(finished, new Map([[0, [0, 1]]]))
    return 0
  }
  const { stages } = await optimise(run, { claims: { clock } })
  expect(stages[0]).toEqual({ stage: 0, frames: [0, 1], isNew: false })
  expect(stages.slice(1).map(({ isNew }) => isNew)).toEqual([true, true])
})

test('choices of several unfinished stages are kept beside each other', async () => {
  const folder = newFolder()
  const { partial } = scheduleFiles(planOptimalSchedule(inputs(folder)).folder)
  for (const taskId of [0, 2]) {
    const abort = new AbortController()
    const onChoice = () => abort.abort(new Error('stopped'))
    const attempt = optimise({ ...inputs(folder), taskId }, { onChoice, signal: abort.signal })
    await expect(attempt).rejects.toThrow('stopped')
  }
  expect(readTorchFile(partial.torch)).toEqual(new Map([0, 2].map((stage) => [stage, [expect.any(Number)]])))
})

test('what is chosen for a stage that another process has taken over meanwhile is not kept', async () => {
  const run = inputs(newFolder(), { wait: false })
  const { folder } = planOptimalSchedule(run)
  const claim = path.join(folder, '.optimal_schedule', 'stage_0.claim-2')
  const onChoice = ({ stage }: ChosenFrame) => {
    if (stage === 0) writeFileSync(claim, JSON.stringify({ machine: 'another', pid: 1 }))
  }
  const { stages } = await optimise(run, { onChoice })
  expect(stages.map(({ stage }) => stage)).toEqual([1, 2])
  const { partial, finished } = scheduleFiles(folder)
  expect(existsSync(partial.torch)).toBe(false)
  expect(readTorchFile(finished.torch)).toEqual(new Map([...BEST].slice(1)))
})

test('what a process that was killed between two files has left is put right', async () => {
  const run = inputs(newFolder())
  const { folder } = await optimise(run)
  const { finished, partial } = scheduleFiles(folder)
  const whole = readFileSync(finished.json, 'utf8')
  for (const json of ['{"0":[2,3]}\n', '{"0"', undefined]) {
    rmSync(finished.json)
    if (json !== undefined) writeFileSync(finished.json, json)
    writeSchedule(partial, new Map([[2, [1, 2]]]))
    await optimise(run)
    expect(readFileSync(finished.json, 'utf8')).toBe(whole)
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  }
  // The other way round: what is in the JSON file alone counts as well.
  rmSync(finished.torch)
  expect((await optimise(run)).stages.every(({ isNew }) => !isNew)).toBe(true)
})

test('what is left of a process that was killed once it had finished a stage goes, not what is of one that is alive', async () => {
  const run = inputs(newFolder())
  const { folder } = await optimise(run)
  const claims = path.join(folder, '.optimal_schedule')
  const [machine, boot] = [machineName(), bootId()]
  const claim = (stage: number, holder: object) => {
    mkdirSync(claims, { recursive: true })
    writeFileSync(path.join(claims, `stage_${stage}.claim-1`), JSON.stringify(holder))
  }
  // No process has as high a number.
  const gone = { machine, boot, pid: 2 ** 22 + 1 }
  claim(1, gone)
  expect((await optimise(run)).stages.map(({ isNew }) => isNew)).toEqual([false, false, false])
  expect(existsSync(claims)).toBe(false)
  // One that may have written the schedule a moment ago, and is about to release its claim.
  claim(0, { machine, boot, pid: process.ppid })
  claim(1, gone)
  claim(2, { machine: 'another', pid: 1 })
  const alive = ['stage_0.claim-1', 'stage_2.claim-1'].map((name) => path.join(claims, name))
  const before = alive.map((file) => readFileSync(file, 'utf8'))
  expect((await optimise(run)).stages.map(({ isNew }) => isNew)).toEqual([false, false, false])
  expect(readdirSync(claims).sort()).toEqual(alive.map((file) => path.basename(file)))
  expect(alive.map((file) => readFileSync(file, 'utf8'))).toEqual(before)
})

test('a task of any number takes every stage', () => {
  for (const taskId of [0, 1, 2, 7, Number.MAX_SAFE_INTEGER])
    expect(planOptimalSchedule({ ...inputs(newFolder()), taskId }).order.toSorted()).toEqual([0, 1, 2])
})

test('stages that others are at work on are left to them, if asked for', async () => {
  const run = inputs(newFolder(), { wait: false })
  const { folder } = planOptimalSchedule(run)
  mkdirSync(path.join(folder, '.optimal_schedule'), { recursive: true })
  const claim = path.join(folder, '.optimal_schedule', 'stage_1.claim-1')
  writeFileSync(claim, JSON.stringify({ machine: 'another', pid: 1 }))
  const others: (readonly number[])[] = []
  const { stages } = await optimise(run, { onOthers: (left) => others.push(left) })
  expect(stages.map(({ stage }) => stage)).toEqual([0, 2])
  expect(others).toEqual([[1]])
  expect(existsSync(claim)).toBe(true)
})

test('stages chosen in another way are not mixed', async () => {
  const folder = newFolder()
  const signal = AbortSignal.abort(new Error('stopped'))
  await optimise(inputs(folder, { max_latent_frames: 3 }))
  const other = inputs(folder, { max_latent_frames: 3, seed: 1 })
  await expect(optimise(other)).rejects.toThrow(/made with seed 0, .* seed 1: .*--eval_dir/)
  const retrained = {
    ...inputs(folder, { max_latent_frames: 3 }),
    checkpoint: { ...checkpoint, digest: 'b1' },
  }
  await expect(optimise(retrained)).rejects.toThrow(/made with parameters a0, .* with parameters b1/)
  // Before anything is chosen, another way may be taken.
  await expect(optimise(inputs(folder), { signal })).rejects.toThrow('stopped')
  await optimise(inputs(folder, { optimality: 'random-t' }))
  const adaptive = inputs(folder, { sampling_scheme: 'adaptive-autoreg' })
  expect(() => planOptimalSchedule(adaptive)).toThrow(/adaptive-autoreg chooses/)
})

test('stages chosen with other training videos are not mixed', async () => {
  const folder = newFolder()
  await optimise(inputs(folder))
  const pixel = (video: number, frame: number) => 20 * frame + video
  const videos = { videos: 3, frames: T, T, imageSize: SIZE }
  const others = fakeDataset({ ...videos, pixel })
  await expect(optimise(inputs(folder), {}, others)).rejects.toThrow(
    /the stages of the schedule in .* were made of other videos/,
  )
  const more = { ...dataset, length: 4 }
  await expect(optimise(inputs(folder), {}, more)).rejects.toThrow(
    'with training_videos 3, these would be with training_videos 4',
  )
})

test('the nearest frames are those around what is sampled', () => {
  expect(nearbyFrames([0, 3, 4, 8, 9], [5, 7], 4)).toEqual([4, 8])
  expect(nearbyFrames([0, 3, 4, 6, 8, 9], [5, 7], 1)).toEqual([4])
  expect(nearbyFrames([0, 3], [5, 7], 4)).toEqual([3])
  expect(nearbyFrames([], [0, 1], 4)).toEqual([])
})

test('a stage whose nearest frames are taken goes on after the choice where it stopped', async () => {
  const options = { optimality: 'linspace-t-force-nearby', max_frames: 5 } as const
  const whole = await optimise(inputs(newFolder(), options))
  const run = inputs(newFolder(), options)
  const choices: string[] = []
  let stages: FinishedStage[] = []
  for (let stopped = true; stopped;) {
    stopped = false
    const abort = new AbortController()
    const onChoice = ({ stage, chosen }: ChosenFrame) => {
      choices.push(`${stage}: ${chosen}`)
      abort.abort(new Error('stopped'))
    }
    const attempt = optimise(run, { onChoice, signal: abort.signal })
    stages = await attempt.then(
      (found) => found.stages,
      () => {
        stopped = true
        return []
      },
    )
  }
  // Of three places the nearest frame before has one; nothing is done after.
  expect(choices).toEqual(['0: 2', '0: 3', '1: 2', '1: 3', '2: 2', '2: 3'])
  expect(stages.map(({ frames }) => frames)).toEqual(whole.stages.map(({ frames }) => frames))
})

test('nearest frames are taken before any is chosen', async () => {
  const run = inputs(newFolder(), { optimality: 'linspace-t-force-nearby', max_latent_frames: 3 })
  const choices: number[] = []
  const { stages } = await optimise(run, { onChoice: ({ stage }) => void choices.push(stage) })
  expect(stages.map(({ frames }) => frames)).toEqual([[3], [6]])
  expect(choices).toEqual([])
})

test('random times do not depend on how many times there are to spread over', async () => {
  const folder = newFolder()
  const run = inputs(folder, { optimality: 'random-t', num_timesteps: 10 })
  await optimise(run)
  const { settings } = scheduleFiles(planOptimalSchedule(run).folder)
  const record = JSON.parse(readFileSync(settings, 'utf8')) as Record<string, unknown>
  expect(record).not.toHaveProperty('num_timesteps')
  // Earlier versions recorded it: schedules of theirs are gone on with.
  writeFileSync(settings, JSON.stringify({ ...record, num_timesteps: 10 }))
  const { stages } = await optimise(inputs(folder, { optimality: 'random-t', num_timesteps: 3 }))
  expect(stages.every(({ isNew }) => !isNew)).toBe(true)
  const spread = newFolder()
  await optimise(inputs(spread, { num_timesteps: 4 }))
  await expect(optimise(inputs(spread, { num_timesteps: 2 }))).rejects.toThrow(/num_timesteps 4/)
})

test('where another process has the files, no stage is begun, and it is said what is left to it', async () => {
  const run = inputs(newFolder(), { wait: false })
  const { folder } = planOptimalSchedule(run)
  mkdirSync(path.join(folder, '.optimal_schedule'), { recursive: true })
  const claim = JSON.stringify({ machine: 'another', pid: 1 })
  writeFileSync(path.join(folder, '.optimal_schedule', 'files.claim-1'), claim)
  const others: (readonly number[])[] = []
  expect((await optimise(run, { onOthers: (left) => others.push(left) })).stages).toEqual([])
  expect(others).toEqual([[0, 1, 2]])
})
