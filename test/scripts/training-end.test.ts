import { expect, it } from 'vitest'
import { trainingEnd } from '../../scripts/training-end.js'
import type { RunResult } from '../../src/training/train-run.js'

const nothing: RunResult = {
  runId: 'k2xw81qz',
  folder: 'checkpoints/k2xw81qz',
  step: 0,
  isLast: false,
  saved: undefined,
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

it('a run that did all its steps needs more of them to go on', () => {
  expect(trainingEnd({ ...nothing, step: 7, isLast: true }, false)).toEqual([
    'step 7 was the last; go on to a larger step (or --lr_anneal_steps) with: npx fdm train --resume_id k2xw81qz --max_steps <step>',
  ])
})

it('commands may be copied, whatever the run is called', () => {
  const folder = 'checkpoints/my run'
  const file = (name: string) => `${folder}/${name}000007.pt`
  const saved = { model: file('model'), ema: [file('ema_0.9_')] }
  expect(trainingEnd({ runId: 'my run', folder, step: 7, isLast: false, saved }, true)).toEqual([
    "stopped after step 7; go on with: npx fdm train --resume_id 'my run'",
    "sample with: npx fdm sample 'checkpoints/my run/ema_0.9_000007.pt' --sampling_scheme autoreg",
  ])
})
