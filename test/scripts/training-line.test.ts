import { expect, it } from 'vitest'
import { trainingLine } from '../../scripts/training-line.js'

it('says how training goes, and whether the data keeps up', () => {
  const metrics = { loss: 0.04083, grad_norm: 0.18761, 'timing/step_time': 0.4239 }
  expect(trainingLine(50, { ...metrics, 'timing/data_wait_share': 0.126 })).toBe(
    'step 50: loss 0.0408, gradient norm 0.188, 0.42 s a step, waited for data 13 % of the time',
  )
  expect(trainingLine(50, metrics)).toMatch(/waited for data 0 % of the time$/)
})

it('says nothing of lines without a loss', () => {
  expect(trainingLine(0, { num_parameters: 5 })).toBeUndefined()
})
