import { expect, it } from 'vitest'
import { trainingEnd } from '../../scripts/training-end.js'
import { trainingStart } from '../../scripts/training-start.js'
import type { TrainingOutcome } from '../../scripts/run-training.js'
import { endedBy } from '../../src/training/step/learning-rate.js'
import { smallConfig } from '../training/fixtures.js'

const nothing: TrainingOutcome = {
  runId: 'k2xw81qz',
  folder: 'checkpoints/k2xw81qz',
  step: 0,
  isLast: false,
  saved: undefined,
  endedBy: [],
}

it('a new run that was stopped before its first step is not to be resumed', () => {
  expect(trainingEnd(nothing, true)).toEqual([
    'stopped after step 0: no step was done in run k2xw81qz, nothing is saved',
  ])
})

it('a resumed run that did no step goes on from what was there', () => {
  expect(trainingEnd({ ...nothing, step: 7 }, false)).toEqual([
    'stopped after step 7; go on with: npx fdm train --resume_id k2xw81qz',
  ])
})

it.each([
  [{ max_steps: 7, lr_anneal_steps: 0 }, '--max_steps <step>'],
  [{ max_steps: 0, lr_anneal_steps: 7 }, '--lr_anneal_steps <step>'],
  [{ max_steps: 9, lr_anneal_steps: 7 }, '--lr_anneal_steps <step>'],
  [{ max_steps: 7, lr_anneal_steps: 7 }, '--max_steps <step> --lr_anneal_steps <step>'],
  // Resumed at a step that was beyond the one of them, and the last of the other.
  [{ max_steps: 5, lr_anneal_steps: 7 }, '--max_steps <step> --lr_anneal_steps <step>'],
])('a run that did all its steps needs more of what ended it to go on: %j', (config, options) => {
  expect(trainingEnd({ ...nothing, step: 7, isLast: true, endedBy: endedBy(config, 7) }, false)).toEqual([
    `step 7 was the last; go on to a larger step with: npx fdm train --resume_id k2xw81qz ${options}`,
  ])
})

it('a run that is at its end when it begins says what to raise', () => {
  const start = {
    ...{
      runId: 'k2xw81qz',
      folder: 'checkpoints/k2xw81qz',
      logFile: 'log.jsonl',
      isNew: false,
      startsOver: false,
    },
    ...{ step: 7, lastLine: 7, checkpoint: 'model000007.pt', anew: { optimizer: false, averages: [] } },
    ...{ changedData: undefined, commonBatch: { before: 1, now: 1 }, numParameters: 2e6 },
  }
  const last = (changes: object) => trainingStart(start, smallConfig(changes)).at(-1)
  const advice = 'that is its last step already: to go on, raise '
  expect(last({ lr_anneal_steps: 7, max_steps: 9 })).toBe(`${advice}--lr_anneal_steps`)
  expect(last({ lr_anneal_steps: 7, max_steps: 7 })).toBe(`${advice}--max_steps and --lr_anneal_steps`)
  expect(last({ lr_anneal_steps: 8 })).not.toContain(advice)
})

it('commands may be copied, whatever the run is called', () => {
  const folder = 'checkpoints/my run'
  const file = (name: string) => `${folder}/${name}000007.pt`
  const saved = { model: file('model'), ema: [file('ema_0.9_')] }
  expect(trainingEnd({ ...nothing, runId: 'my run', folder, step: 7, saved }, true)).toEqual([
    "stopped after step 7; go on with: npx fdm train --resume_id 'my run'",
    "sample with: npx fdm sample 'checkpoints/my run/ema_0.9_000007.pt' --sampling_scheme autoreg",
  ])
})
