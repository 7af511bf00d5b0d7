import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { defaultsOf } from '../../src/config/option.js'
import { trainingOptions } from '../../src/config/training.js'
import { jsonLines } from '../../src/tracking/json-lines.js'
import { runningMeans, type RunningMeansState } from '../../src/tracking/running-means.js'
import { badStepLine, type BadStep } from '../../src/training/bad-steps/bad-step-report.js'
import { badSteps, TrainingDiverged } from '../../src/training/bad-steps/bad-steps.js'
import type { Batch } from '../../src/training/batches/batch.js'
import { trainingLoop, type LoopSetup } from '../../src/training/loop.js'
import type { SaveTry } from '../../src/training/outages/patient-save.js'
import type { Trainer } from '../../src/training/step/trainer.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-loop-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Checkpoint {
  readonly step: number
  readonly lastLine: number
  readonly means: RunningMeansState
  readonly sampledAt?: number | undefined
}
/** What saving gives where the disk takes it. */
const SAVED = Promise.resolve(0)
const START: Checkpoint = { step: 0, lastLine: 0, means: {}, sampledAt: 0 }

const BATCH: Batch = {
  shape: [2, 1, 4, 4, 3],
  pixels: new Uint8Array(2 * 48),
  obsMask: new Float32Array(2),
  latentMask: Float32Array.of(1, 1),
  lossMask: Float32Array.of(1, 1),
  frameIndices: new Int32Array(2),
}

const VIDEOS = [
  { video: 7, name: 'video_7.pt', start: 3 },
  { video: 9, start: 0 },
]

/** A loop over a trainer whose loss is its step, and NaN in bad steps; says what it saved last. */
async function loop(
  log: string,
  { step, lastLine, means: saved, sampledAt }: Checkpoint,
  config: Partial<LoopSetup['config']>,
  more: Partial<LoopSetup> = {},
  bad: readonly number[] = [],
): Promise<Checkpoint> {
  const means = runningMeans(saved)
  let [done, last] = [step, { step, lastLine, means: saved }]
  const trainer = {
    get step() {
      return done
    },
    update: () => {
      done++
      const draw = { timesteps: [0, 0], weights: [1, 1] }
      const isBad = bad.includes(done)
      const loss = isBad ? NaN : done
      return Promise.resolve({
        losses: { loss: [loss, loss] },
        draw,
        gradNorm: 1,
        ...(isBad && { fault: 'the loss is NaN' }),
      })
    },
  } satisfies Pick<Trainer, 'step' | 'update'>
  await trainingLoop({
    config: { ...defaultsOf(trainingOptions), log_interval: 4, ...config },
    trainer: trainer as unknown as Trainer,
    batches: () => Promise.resolve([BATCH]),
    videosOf: () => VIDEOS,
    numTimesteps: 4,
    batchSize: 2,
    means,
    badSteps: badSteps(0),
    lastLine,
    sampledAt,
    trackers: [jsonLines(path.join(folder, log), lastLine)],
    now: () => 0,
    save: (progress) => {
      last = { step: done, ...progress }
      return SAVED
    },
    ...more,
  })
  return last
}

const linesOf = (log: string) =>
  readFileSync(path.join(folder, log), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)
const lossesOf = (log: string) => linesOf(log).map(({ step, samples, loss }) => [step, samples, loss])

it('logs what is left when it ends, until a resumed run has the whole interval', async () => {
  const end = await loop('ended', START, { max_steps: 6 })
  const [first, rest] = [
    [4, 8, 2.5],
    [6, 12, 5.5],
  ]
  expect(lossesOf('ended')).toEqual([first, rest])
  await loop('ended', end, { max_steps: 8 })
  expect(lossesOf('ended')).toEqual([first, [8, 16, 6.5]])
})

it('logs what is left when it is stopped', async () => {
  const stop = new AbortController()
  const onStep = (step: number) => {
    if (step === 3) stop.abort()
  }
  const end = await loop('stopped', START, {}, { signal: stop.signal, onStep })
  expect(lossesOf('stopped')).toEqual([[3, 6, 2]])
  await loop('stopped', end, { max_steps: 8 })
  await loop('whole', START, { max_steps: 8 })
  expect(linesOf('stopped')).toEqual(linesOf('whole'))
})

it('logs the time of samples after the last whole interval, and no empty line', async () => {
  let now = 0
  const sample = () => {
    now += 500
    return Promise.resolve(true)
  }
  const end = await loop(
    'samples',
    START,
    { max_steps: 4, sample_interval: 4, save_interval: 4 },
    { now: () => now, sample },
  )
  expect(linesOf('samples').slice(1)).toEqual([{ step: 4, samples: 8, 'timing/sampling_time': 0.5 }])
  await loop('samples', end, { max_steps: 8 })
  expect(lossesOf('samples')).toEqual([
    [4, 8, 2.5],
    [8, 16, 6.5],
  ])
})

it('resumed after its end, has the same last line', async () => {
  const end = await loop('again', START, { max_steps: 6 })
  const lines = linesOf('again')
  await loop('again', end, { max_steps: 6 })
  expect(linesOf('again')).toEqual(lines)
})

it('killed during its last samples, has their time in the end', async () => {
  let now = 0
  const config = { max_steps: 4, sample_interval: 4, save_interval: 4 }
  const killed = () => Promise.reject(new Error('killed'))
  let saved = START
  const save: LoopSetup['save'] = (progress) => {
    saved = { step: 4, ...progress }
    return SAVED
  }
  await expect(loop('cut', START, config, { sample: killed, save })).rejects.toThrow('killed')
  expect(linesOf('cut').map(({ step }) => step)).toEqual([4])
  const sample = () => Promise.resolve((now += 500) > 0)
  await loop('cut', saved, config, { now: () => now, sample })
  expect(linesOf('cut').slice(1)).toEqual([{ step: 4, samples: 8, 'timing/sampling_time': 0.5 }])
})

it('says which share of the time it waits for data', async () => {
  let time = 0
  // Three seconds pass while data is waited for, and one in the step.
  const passes = [0, 3000, 1000]
  let looks = 0
  const now = () => (time += passes[looks++ % 3] ?? NaN)
  await loop('waiting.jsonl', START, { max_steps: 4 }, { now })
  expect(linesOf('waiting.jsonl').at(-1)).toMatchObject({
    'timing/data_wait_share': 0.75,
    'timing/step_time': 1,
  })
})

it('skips bad steps: they are told with their batch, counted in the log, and in no mean', async () => {
  const told: BadStep[] = []
  await loop('bad', START, { max_steps: 8 }, { onBadStep: (bad) => told.push(bad) }, [2, 3])
  expect(lossesOf('bad')).toEqual([
    [4, 8, 2.5],
    [8, 16, 6.5],
  ])
  expect(linesOf('bad').map(({ skipped_steps }) => skipped_steps)).toEqual([2, 2])
  expect(told.map(({ step }) => step)).toEqual([2, 3])
  expect(told[0] && badStepLine(told[0])).toBe(
    'step 2 skipped: the loss is NaN; its batch was video_7.pt from frame 3 on at timestep 0 with loss NaN, ' +
      'video 9 from frame 0 on at timestep 0 with loss NaN',
  )
})

it('ends after too many bad steps in a row, and does not save what they came from', async () => {
  const saves: number[] = []
  const run = (counts: ReturnType<typeof badSteps>, bad: readonly number[]) =>
    loop(
      'diverged',
      START,
      { save_interval: 3, max_steps: 8 },
      { badSteps: counts, save: () => (saves.push(0), SAVED) },
      bad,
    )
  await expect(run(badSteps(2), [4, 5])).rejects.toThrow(TrainingDiverged)
  expect(saves).toHaveLength(1)
  await expect(run(badSteps(2), [4, 6, 8])).resolves.toBeDefined()
  // What an earlier process has counted goes on.
  await expect(run(badSteps(3, { total: 5, inARow: 2 }), [1])).rejects.toThrow(
    /the last 3 steps were bad, at step 1/,
  )
  await expect(run(badSteps(1), [1])).rejects.toThrow(
    /: step 1 was bad, at step 1 the loss is NaN; go on from/,
  )
})

it('saves no step of a row of bad ones but what ends it, or the run', async () => {
  const saves = async (bad: readonly number[], max_steps: number, save_interval = 2) => {
    const steps: number[] = []
    const onStep = (step: number) => void steps.push(step)
    const saved: number[] = []
    const save = () => {
      saved.push(steps.at(-1) ?? 0)
      return SAVED
    }
    await loop('row', START, { save_interval, max_steps }, { onStep, save }, bad)
    return saved
  }
  expect(await saves([4, 5], 8)).toEqual([2, 6, 8])
  expect(await saves([3, 4, 5], 9)).toEqual([2, 6, 8, 9])
  expect(await saves([4, 5], 5)).toEqual([2, 5])
  // One that was due comes after the next good step, whatever its number.
  expect(await saves([3, 4], 8, 3)).toEqual([5, 6, 8])
})

it('saves what was done before data or the log failed', async () => {
  const saved: (readonly [number, Checkpoint])[] = []
  const failAt = async (step: number, more: Partial<LoopSetup>) => {
    let asked = 0
    const batches = () =>
      ++asked > step ? Promise.reject(new Error('no such video')) : Promise.resolve([BATCH])
    const save: LoopSetup['save'] = (progress) => {
      saved.push([asked, { step: 0, ...progress }])
      return SAVED
    }
    await loop('failed', START, { max_steps: 8 }, { batches, save, ...more })
  }
  await expect(failAt(2, {})).rejects.toThrow('no such video')
  expect(saved).toMatchObject([[3, { lastLine: 0, means: { loss: [3, 2] } }]])
  const full = { log: () => { throw new Error('the disk is full') } } // prettier-ignore
  await expect(failAt(8, { trackers: [full] })).rejects.toThrow('the disk is full')
  // The numbers that the line at step 4 should have had.
  expect(saved[1]).toMatchObject([4, { lastLine: 0, means: { loss: [10, 4] } }])
  // With others, who cannot be asked whether they have the same, nothing is saved.
  saved.length = 0
  await expect(failAt(2, { withOthers: true })).rejects.toThrow('no such video')
  expect(saved).toEqual([])
  const save = () => { throw new Error('no room to save') } // prettier-ignore
  await expect(failAt(2, { save })).rejects.toThrow('no such video')
  // What could not be saved is not tried again at once.
  let tries = 0
  const noRoom = () => { tries++; throw new Error('no room to save') } // prettier-ignore
  await expect(loop('unsaved', START, { max_steps: 8, save_interval: 2 }, { save: noRoom })).rejects.toThrow(
    'no room',
  )
  expect(tries).toBe(1)
})

it('makes up for the samples that a killed run did not come to', async () => {
  const sampled: number[] = []
  const config = { max_steps: 4, sample_interval: 2, save_interval: 1 }
  const sample = (step: number) => ({ sample: () => Promise.resolve(sampled.push(step) > 0) })
  const atTwo: Checkpoint = { step: 2, lastLine: 0, means: {}, sampledAt: 0 }
  const end = await loop('killed', atTwo, config, sample(1))
  expect(sampled).toEqual([1, 1])
  // The last save comes before the last samples.
  expect(end.sampledAt).toBe(2)
  await loop('killed', { ...end, sampledAt: 4 }, config, sample(2))
  await loop('killed', atTwo, config, { ...sample(5), signal: AbortSignal.abort() })
  await loop('killed', { ...atTwo, sampledAt: 2 }, config, sample(3))
  // A checkpoint that does not say.
  await loop('killed', { ...atTwo, sampledAt: undefined }, config, sample(4))
  expect(sampled).toEqual([1, 1, 3, 4])
})

it('trains on where a save has to wait, tries again when it is told to, and saves the end', async () => {
  const asked: (readonly [number, string, number])[] = []
  let time = 0
  let step = 0
  const more = {
    now: () => (time += 100),
    onStep: (done: number) => void (step = done),
    // In vain at the first two tries.
    save: (_: unknown, { occasion, stepTime }: SaveTry) => {
      asked.push([step, occasion, stepTime])
      return Promise.resolve(asked.length < 3 ? 3 : 0)
    },
  }
  await loop('waits', START, { max_steps: 14, save_interval: 4 }, more, [7])
  // Step 7 is bad; that of step 12 has its turn although another came late, at step 11.
  expect(asked.map(([at, occasion]) => [at, occasion])).toEqual([
    [4, 'on the way'],
    [8, 'on the way'],
    [11, 'on the way'],
    [12, 'on the way'],
    [14, 'at the end'],
  ])
  // Three looks at the clock in a step, and one to measure this.
  expect(asked[0]?.[2]).toBeCloseTo(300, 6)
  expect(linesOf('waits').map(({ step }) => step)).toEqual([4, 8, 12, 14])
})

it('says of the last save whether somebody stopped it, or an error', async () => {
  const occasions: string[] = []
  const save: LoopSetup['save'] = (_, { occasion }) => {
    occasions.push(occasion)
    return SAVED
  }
  const stop = new AbortController()
  await loop('ended-by', START, { max_steps: 2 }, { save })
  await loop('ended-by', START, { max_steps: 2 }, { save, signal: stop.signal, onStep: () => stop.abort() })
  const batches = (step: number) =>
    step === 1 ? Promise.reject(new Error('no video')) : Promise.resolve([BATCH])
  await expect(loop('ended-by', START, { max_steps: 2 }, { save, batches })).rejects.toThrow('no video')
  expect(occasions).toEqual(['at the end', 'when stopped', 'when stopped'])
})
