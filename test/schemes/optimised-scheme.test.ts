import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { adaptiveAutoreg } from '../../src/schemes/adaptive-autoreg.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { hierarchy } from '../../src/schemes/hierarchy.js'
import { optimisedScheme } from '../../src/schemes/optimised-scheme.js'
import { planVideo } from '../../src/schemes/plan.js'

const settings = { videoLength: 8, observed: 2, maxFrames: 5, stepSize: 2 }
const stages = new Map([
  [0, [0]],
  [1, [0, 1, 3]],
  [2, [2, 5]],
])
const source = 'optimal_schedule.pt'
const plan = (changes: readonly (readonly [number, readonly number[] | undefined])[], scheme = autoreg) => {
  const changed = new Map(
    [...stages, ...changes].flatMap(([i, frames]) => (frames ? [[i, frames] as const] : [])),
  )
  for (const [i, frames] of changes) if (!frames) changed.delete(i)
  return planVideo(optimisedScheme(scheme, { source, stages: changed }), settings)
}

test('samples what the scheme does, conditioned on the frames of the schedule', () => {
  expect(plan([])).toEqual([
    { observed: [0], latent: [2, 3] },
    { observed: [0, 1, 3], latent: [4, 5] },
    { observed: [2, 5], latent: [6, 7] },
  ])
  const latent = (scheme = hierarchy(2)) => planVideo(scheme, settings).map((stage) => stage.latent)
  const all = new Map(latent().map((_, i) => [i, [0]] as const))
  expect(latent(optimisedScheme(hierarchy(2), { source, stages: all }))).toEqual(latent())
})

test('an unconditional stage is stage 0, and conditions on nothing', () => {
  const scheme = optimisedScheme(autoreg, { source, stages: new Map([[0, []], [1, [4]]]) }) // prettier-ignore
  expect(planVideo(scheme, { ...settings, videoLength: 7, observed: 0 })).toEqual([
    { observed: [], latent: [0, 1, 2, 3, 4] },
    { observed: [4], latent: [5, 6] },
  ])
})

test.each<[number, readonly number[] | undefined, RegExp]>([
  [1, undefined, /^stage 1 of 3 in optimal_schedule.pt is missing: npx fdm optimal-schedule/],
  [1, [0, 4], /^stage 1 of 3 .* conditions on frame 4, which is not done then$/],
  [2, [], /^stage 2 of 3 .* conditions on nothing/],
  [2, [0, 1, 2, 3], /^stage 2 of 3 .* takes 4 and 2 frames, more than max_frames = 5$/],
])('stage %i of %o is an error that names it', (stage, frames, message) => {
  const attempt = () => plan([[stage, frames]])
  expect(attempt).toThrow(UserError)
  expect(attempt).toThrow(message)
})

test('there is none for a scheme that chooses by itself', () => {
  expect(() => plan([], adaptiveAutoreg)).toThrow(/adaptive-autoreg chooses .* no --optimality/)
})
