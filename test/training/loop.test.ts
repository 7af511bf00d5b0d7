import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { defaultsOf } from '../../src/config/option.js'
import { trainingOptions } from '../../src/config/training.js'
import { jsonLines } from '../../src/tracking/json-lines.js'
import { runningMeans, type RunningMeansState } from '../../src/tracking/running-means.js'
import { trainingLoop, type LoopSetup } from '../../src/training/loop.js'
import type { Trainer } from '../../src/training/trainer.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-loop-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Checkpoint {
  readonly step: number
  readonly lastLine: number
  readonly means: RunningMeansState
}
const START: Checkpoint = { step: 0, lastLine: 0, means: {} }

/** A loop over a trainer whose loss is its step; says what it saved last. */
async function loop(
  log: string,
  { step, lastLine, means: saved }: Checkpoint,
  config: Partial<LoopSetup['config']>,
  more: Partial<LoopSetup> = {},
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
      return Promise.resolve({ losses: { loss: [done, done] }, draw, gradNorm: 1 })
    },
  } satisfies Pick<Trainer, 'step' | 'update'>
  await trainingLoop({
    config: { ...defaultsOf(trainingOptions), log_interval: 4, ...config },
    trainer: trainer as unknown as Trainer,
    batches: () => Promise.resolve([]),
    numTimesteps: 4,
    means,
    lastLine,
    trackers: [jsonLines(path.join(folder, log), lastLine)],
    now: () => 0,
    save: (lastLine) => (last = { step: done, lastLine, means: means.state() }),
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
  const sample = () => Promise.resolve(void (now += 500))
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

it('says which share of the time it waits for data', async () => {
  let time = 0
  // Every look at the clock takes a second: one passes while data is waited for, one in the step.
  await loop('waiting.jsonl', START, { max_steps: 4 }, { now: () => 1000 * time++ })
  expect(linesOf('waiting.jsonl').at(-1)).toMatchObject({
    'timing/data_wait_share': 0.5,
    'timing/step_time': 1,
  })
})
