import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { checkedStages, planVideo } from '../../src/schemes/plan.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../../src/schemes/types.js'

const settings: SchemeSettings = { videoLength: 4, observed: 1, maxFrames: 3, stepSize: 2 }
const check = (...stages: Stage[]) => [...checkedStages('faulty', settings, stages)]

test('a sound plan passes unchanged', () => {
  const stages = [
    { observed: [0], latent: [2, 3] },
    { observed: [2, 0], latent: [1] },
  ]
  expect(check(...stages)).toEqual(stages)
})

test.each([
  ['conditions on frame 2, which is not done', { observed: [2], latent: [1] }],
  ['samples frame 0 twice', { observed: [0], latent: [0] }],
  ['samples frame 1 twice', { observed: [0], latent: [1, 1] }],
  ['samples frame 4, which is not in the video', { observed: [0], latent: [4] }],
  ['takes 4 frames, more than 3', { observed: [0], latent: [1, 2, 3] }],
  ['samples nothing', { observed: [0], latent: [] }],
  ['conditions on nothing', { observed: [], latent: [1] }],
  ['is no { observed, latent } of frames', { observed: [0] }],
  ['is no { observed, latent } of frames', [1, 2]],
  ['is no { observed, latent } of frames', undefined],
  ['ends with 2 of 4 frames done', { observed: [0], latent: [1] }],
])('a fault is named: %s', (message, stage) => {
  expect(() => check(stage as Stage)).toThrow(UserError)
  expect(() => check(stage as Stage)).toThrow(message)
})

test('a scheme that looks at frames has no plan beforehand', () => {
  const adaptive: SamplingScheme = { name: 'a', summary: '', adaptive: true, stages: () => [] }
  expect(() => planVideo(adaptive, settings)).toThrow('plans while it samples')
})
