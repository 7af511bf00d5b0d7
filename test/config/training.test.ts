import { expect, it } from 'vitest'
import { defaultsOf } from '../../src/config/option.js'
import { emaRates, fillTrainConfig, trainingOptions } from '../../src/config/training.js'
import { datasetNames } from '../../src/data/registry.js'
import { UserError } from '../../src/errors.js'

it('offers the data sets there are', () => {
  expect([...trainingOptions.dataset.choices].sort()).toEqual([...datasetNames].sort())
})

it('has defaults that are valid', () => {
  expect(fillTrainConfig({})).toMatchObject(defaultsOf(trainingOptions))
})

it.each([
  [{ microbatch: 0 }],
  [{ T: 0 }],
  [{ ema_rate: '1.5' }],
  [{ ema_rate: '0.9,,0.99' }],
  [{ ema_rate: '0.9,0.90' }],
  [{ wandb_id: 'a', resume_id: 'b' }],
  [{ resume_id: 'a', resume_checkpoint: 'b.pt' }],
  [{ resume_id: '../../etc' }],
  [{ wandb_id: '..' }],
  [{ resume_id: 'a/b' }],
  [{ resume_id: '/etc' }],
  [{ resume_id: 'a\\b' }],
  [{ resume_id: '.hidden' }],
  [{ schedule_sampler: 'none' }],
  [{ num_channels: 40 }],
])('refuses %o', (values) => {
  expect(() => fillTrainConfig(values)).toThrow(UserError)
})

it('reads the rates of averages', () => {
  expect(emaRates({ ema_rate: '0.99, 0.9999' })).toEqual([0.99, 0.9999])
})
