import { expect, test } from 'vitest'
import { givenFrames } from '../../src/evaluation/given-frames.js'

const unsaid = { n_obs: undefined, obs_frames: '' }

test('the name of the folder says which frames were given', () => {
  expect(givenFrames('results/a_1/autoreg_8_4_24_3', unsaid, 24)).toEqual([0, 1, 2])
  expect(givenFrames('results/a_1/autoreg_8_4_24_3/', unsaid, 24)).toEqual([0, 1, 2])
  expect(givenFrames('infill_8_4_24_0-1,9', unsaid, 24)).toEqual([0, 1, 9])
  expect(givenFrames('autoreg_8_4_24_0', unsaid, 24)).toEqual([])
})

test('options say it instead', () => {
  expect(givenFrames('autoreg_8_4_24_3', { n_obs: 1, obs_frames: '' }, 24)).toEqual([0])
  expect(givenFrames('autoreg_8_4_24_3', { n_obs: 1, obs_frames: 'every:10' }, 24)).toEqual([0, 10, 20])
  expect(givenFrames('elsewhere', { n_obs: undefined, obs_frames: '0-2' }, 24)).toEqual([0, 1, 2])
})

test('what cannot be is an error', () => {
  expect(() => givenFrames('elsewhere', unsaid, 24)).toThrow(/does not end in which frames .* --n_obs/)
  expect(() => givenFrames('infill_8_4_24_17frames-0a1b2c3d', unsaid, 24)).toThrow(/--obs_frames/)
  expect(() => givenFrames('autoreg_8_4_24_36', unsaid, 24)).toThrow('36 frames cannot have been given')
  expect(() => givenFrames('infill_8_4_24_0,30', unsaid, 24)).toThrow(/frame 30 cannot be observed/)
})
