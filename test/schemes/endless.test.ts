import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { hostRandom } from '../../src/random.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { endlessChunks } from '../../src/schemes/endless.js'
import { hierarchy } from '../../src/schemes/hierarchy.js'

test('each chunk starts from the last half of what is done', () => {
  const settings = { chunkLength: 20, numObserved: 12, maxFrames: 8, stepSize: 4 }
  const chunk = endlessChunks(autoreg, settings)
  expect([0, 1, 2, 1000].map(chunk)).toMatchObject([
    { index: 0, start: 2, observed: 10, settings: { videoLength: 20, observed: 10 } },
    { index: 1, start: 12, observed: 10 },
    { index: 2, start: 22, observed: 10 },
    { index: 1000, start: 10002, observed: 10 },
  ])
  expect(chunk(5).stages[0]).toEqual({ observed: [6, 7, 8, 9], latent: [10, 11, 12, 13] })
})

test('fewer given frames, or none, make the first chunk begin with the video', () => {
  const settings = { chunkLength: 20, maxFrames: 8, stepSize: 4 }
  const few = endlessChunks(autoreg, { ...settings, numObserved: 3 })
  expect([few(0), few(1)]).toMatchObject([
    { start: 0, observed: 3 },
    { start: 10, observed: 10 },
  ])
  const none = endlessChunks(autoreg, { ...settings, numObserved: 0 })
  expect(none(0).stages[0]).toEqual({ observed: [], latent: [0, 1, 2, 3, 4, 5, 6, 7] })
  expect(none(1)).toMatchObject({ start: 10, observed: 10 })
})

test('chunks make each frame once, from the given ones on', () => {
  const random = hostRandom('endless')
  for (let trial = 0; trial < 200; trial++) {
    const K = random.integer(4, 12)
    const settings = {
      chunkLength: random.integer(2, 60),
      numObserved: random.integer(0, 50),
      maxFrames: K,
      stepSize: random.integer(2, K),
    }
    const chunk = endlessChunks(hierarchy(2), settings)
    const made = [0, 1, 2, 3].flatMap((index) => {
      const { start, stages } = chunk(index)
      const latent = stages.flatMap((stage) => stage.latent)
      return latent.map((frame) => start + frame).sort((a, b) => a - b)
    })
    expect(made).toEqual(made.map((_, i) => settings.numObserved + i))
  }
})

test('says at once what cannot work', () => {
  const settings = { chunkLength: 20, numObserved: 12, maxFrames: 8, stepSize: 4 }
  for (const [wrong, message] of [
    [{ chunkLength: 1 }, /at least 2 frames, not 1/],
    [{ stepSize: 8 }, /no room/],
    [{ numObserved: -1 }, /n_obs.* not -1/],
    [{ chunkLength: NaN }, /not NaN/],
  ] as const) {
    expect(() => endlessChunks(autoreg, { ...settings, ...wrong })).toThrow(message)
    expect(() => endlessChunks(autoreg, { ...settings, ...wrong })).toThrow(UserError)
  }
})
