import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { infill } from '../../src/schemes/infill.js'
import { likeVdm } from '../../src/schemes/like-vdm.js'
import { observedLabel, parseObservedFrames } from '../../src/schemes/observed-frames.js'
import { planVideo } from '../../src/schemes/plan.js'
import { range } from '../../src/schemes/range.js'

test('like-vdm: every fourth frame, then three at a time between two done ones', () => {
  expect(planVideo(likeVdm, { videoLength: 20, observed: 5, maxFrames: 9, stepSize: 2 })).toEqual([
    { observed: [0, 4], latent: [8, 12] },
    { observed: [0, 4, 8, 12], latent: [16] },
    { observed: [4, 8, 12], latent: [5, 6, 7, 9, 10, 11] },
    { observed: [12, 16], latent: [13, 14, 15, 17, 18, 19] },
  ])
})

test('like-vdm: a stage that samples less conditions on more', () => {
  const [, , third] = planVideo(likeVdm, { videoLength: 21, observed: 1, maxFrames: 5, stepSize: 2 })
  expect(third).toEqual({ observed: [4, 8, 12, 16], latent: [20] })
})

test('like-vdm needs room for three frames between two', () => {
  expect(() => likeVdm.stages({ videoLength: 9, observed: 1, maxFrames: 4, stepSize: 2 })).toThrow(
    /max_frames = 4 must be at least 5/,
  )
})

test('infill goes from coarse to fine, each frame from those around it', () => {
  expect(planVideo(infill, { videoLength: 17, observed: [0, 16], maxFrames: 6, stepSize: 3 })).toEqual([
    { observed: [0, 16], latent: [4, 8, 12] },
    { observed: [0, 4, 8, 12], latent: [2, 6] },
    { observed: [6, 8, 12, 16], latent: [10, 14] },
    { observed: [0, 2, 4, 6], latent: [1, 3] },
    { observed: [3, 4, 6, 8], latent: [5, 7] },
    { observed: [7, 8, 10, 12], latent: [9, 11] },
    { observed: [11, 12, 14, 16], latent: [13, 15] },
  ])
})

test('infill samples as many at once as there is room around', () => {
  const [, second] = planVideo(infill, { videoLength: 17, observed: [0, 16], maxFrames: 7, stepSize: 3 })
  expect(second).toEqual({ observed: [0, 4, 8, 12], latent: [2, 6, 10] })
})

test('infill extends a video at both ends', () => {
  const stages = planVideo(infill, { videoLength: 9, observed: [4], maxFrames: 6, stepSize: 4 })
  expect(stages[0]).toEqual({ observed: [4], latent: [0, 2, 6, 8] })
})

test('observed frames are read as positions, ranges and every n-th frame', () => {
  expect(parseObservedFrames('99,0,49', 100)).toEqual([0, 49, 99])
  expect(parseObservedFrames('0-3, 9', 10)).toEqual([0, 1, 2, 3, 9])
  expect(parseObservedFrames('every:10,99', 100)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99])
  expect(parseObservedFrames('0-35', 100)).toBe(36)
  expect(parseObservedFrames('every:1', 5)).toBe(5)
  for (const [typed, message] of [
    ['100', /frame 100.* T = 100 frames has 0 to 99/],
    ['90-110', /frame 100/],
    ['3-1', /"3-1"/],
    ['every:0', /"every:0"/],
    ['-1', /"-1"/],
    ['', /""/],
    ['1,,2', /""/],
  ] as const) {
    expect(() => parseObservedFrames(typed, 100)).toThrow(message)
    expect(() => parseObservedFrames(typed, 100)).toThrow(UserError)
  }
})

test('observed frames have a short name, the same for the same frames', () => {
  expect(observedLabel(36)).toBe('36')
  expect(observedLabel([36])).toBe('36-36')
  expect(parseObservedFrames(observedLabel([36]), 100)).toEqual([36])
  expect(observedLabel([0, 49, 99])).toBe('0,49,99')
  expect(observedLabel([...range(36), 99])).toBe('0-35,99')
  const every = range(100).filter((frame) => frame % 2 === 0)
  expect(observedLabel(every)).toMatch(/^50frames-[0-9a-f]{8}$/)
  expect(observedLabel(every)).not.toBe(observedLabel(every.map((frame) => frame + 1)))
})
