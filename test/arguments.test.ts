import { expect, test } from 'vitest'
import * as api from '../src/index.js'
import { tf } from '../src/runtime/tf.js'
import { fakeConfig, fakeModel, SIZE } from './sampling/fake-model.js'

const { UserError } = api
await api.startRuntime({ backend: 'wasm' })

/** The public functions as a program without types sees them. */
const untyped = api as unknown as Readonly<Record<string, (...given: unknown[]) => unknown>>
const config = api.resolveModelConfig({ image_size: 32, diffusion_steps: 50 })
const diffusion = api.createDiffusion(config)
const scheme = api.samplingSchemes.autoreg
const settings = { videoLength: 6, observed: 2, maxFrames: 4, stepSize: 2 }
const film = { shape: [1, 6, SIZE, SIZE, 3], data: new Uint8Array(6 * SIZE * SIZE * 3) }
const videoOptions = { model: fakeModel((_, x) => tf.tanh(x)), diffusion: api.createDiffusion(fakeConfig) }
const sampling = { ...videoOptions, scheme, videos: film, observed: 2, maxFrames: 4 }
const checkpoint = { model: sampling.model, diffusion, config, step: 1 }
const x0 = tf.zeros([2, 3, 4, 4, 3])
const dataset = {
  ...{ name: 'grey', split: 'train', length: 2, T: 4, imageSize: 32, frameCount: () => 4 },
  readFrames: (_: number, frames: number[]) => Promise.resolve(new Uint8Array(frames.length * 32 * 32 * 3)),
}
const trainConfig = api.resolveTrainConfig({ num_channels: 32 })
const training = { config: trainConfig, dataset, newRunId: 'grey' }

test.each<[string, unknown[], RegExp]>([
  ['startRuntime', ['wasm'], /takes options with backend, precision, xla or device, not "wasm"/],
  ['resolveModelConfig', [], /takes options by name, not undefined/],
  ['createModel', [], /takes a configuration such as resolveModelConfig gives, not undefined/],
  ['createModel', [{}], /createModel: the configuration has no image_size; resolveModelConfig fills it in/],
  ['createModel', [{ ...config, num_channels: 40 }], /--num_channels must be a multiple of 32, not 40/],
  ['createModel', [config, 3], /takes as source \{ seed \} or \{ parameters \}, not 3/],
  ['createModel', [config, { seed: 0.5 }], /takes as seed an integer, not 0\.5/],
  ['createModel', [config, { parameters: {} }], /or \{ parameters \}, not an object without members/],
  ['createDiffusion', [], /takes a configuration such as resolveModelConfig gives, not undefined/],
  ['createDiffusion', [{}], /the configuration has no learn_sigma/],
  [
    'createDiffusion',
    [{ ...config, diffusion_steps: '10' }],
    /--diffusion_steps takes an integer.*, not "10"/,
  ],
  ['createDiffusion', [checkpoint], /the configuration has no learn_sigma/],
  ['loadCheckpoint', [], /takes the path of a file, not undefined/],
  ['readTorchFile', [Buffer.alloc(3)], /takes the path of a file, not an object with 0, 1, 2/],
  ['writeTorchFile', ['', 1], /takes the path of a file, not ""/],
  ['tensor', ['float', [1], [1]], /takes as dtype one of float32, float64, .*, not "float"/],
  ['tensor', ['float32', 2, [1, 2]], /takes as shape an array of sizes, not 2/],
  ['tensor', ['float32', [2], [1, 2, 3]], /takes 2 values for the shape \[2\], not 3/],
  ['writeCheckpoint', ['a.pt', { config }], /takes as parameters a Map, not undefined/],
  ['ancestralSampler', [diffusion], /takes the schedule of a diffusion, not an object with config, schedule/],
  ['ddimSampler', [diffusion], /takes the schedule of a diffusion, not an object with config/],
  ['ddimSampler', [diffusion.schedule, 0.5], /takes options with eta, not 0\.5/],
  ['ddimSampler', [diffusion.schedule, { eta: 1.5 }], /takes as eta a number from 0 to 1, not 1\.5/],
  ['dpmSolverSampler', [diffusion], /takes the schedule of a diffusion, not an object with config/],
  [
    'samplerOf',
    [diffusion.schedule],
    /takes a step with name, .* and update, not an object with numTimesteps/,
  ],
  ['heldOutLoss', [], /takes options with model, diffusion, dataset, maxFrames and tasks, not undefined/],
  ['heldOutLoss', [{ ...checkpoint, diffusion: 3 }], /takes as diffusion what createDiffusion gives, not 3/],
  [
    'encodeGif',
    [film, 10],
    /takes a film of the shape \(T, H, W, 3\), not \(1, 6, 4, 4, 3\) with 288 values/,
  ],
  ['encodeGif', [{ shape: [6, SIZE, SIZE, 3], data: film.data }, 0], /more than 0 and at most 50, not 0/],
  ['filmOf', [film, 1], /there is no video 1: there are 1/],
  ['eventFile', [], /takes the path of a folder, not undefined/],
  ['eventFile', ['events', -1], /takes as lastLine a step, an integer of at least 0, not -1/],
  ['planVideo', [undefined, settings], /planVideo takes as scheme one of samplingSchemes, not undefined/],
  [
    'planVideo',
    [scheme],
    /planVideo takes settings with videoLength, observed, maxFrames, stepSize, not und/,
  ],
  ['planVideo', [api.samplingSchemes['adaptive-autoreg'], settings], /has no plan beforehand/],
  ['openDataset', [], /takes options with a name and a split, not undefined/],
  ['openDataset', [{ name: 'toy_town' }], /takes as split one of train, test, not undefined/],
  ['sampleVideo', [], /takes options with model, diffusion, scheme, videos, \.\., not undefined/],
  [
    'sampleVideo',
    [{ ...sampling, model: checkpoint }],
    /as model .*, not an object with model, diffusion, config/,
  ],
  [
    'sampleVideo',
    [{ ...sampling, diffusion: undefined }],
    /as diffusion what createDiffusion gives, not undefined/,
  ],
  [
    'sampleVideo',
    [{ ...sampling, scheme: undefined }],
    /takes as scheme one of samplingSchemes, not undefined/,
  ],
  [
    'sampleVideo',
    [{ ...sampling, scheme: 'autoreg' }],
    /takes as scheme one of samplingSchemes, not "autoreg"/,
  ],
  ['sampleVideo', [{ ...sampling, videos: film.data }], /as videos \{ shape: .* \}, not/],
  [
    'sampleVideo',
    [{ ...sampling, videos: { ...film, shape: [6, 4, 4, 3] } }],
    /\(B, T, H, W, 3\), not \(6, 4, 4, 3\)/,
  ],
  [
    'sampleVideo',
    [{ ...sampling, videos: { ...film, data: [...film.data] } }],
    /pixels of videos are a Uint8Array/,
  ],
  ['sampleVideo', [{ ...sampling, observed: '2' }], /as observed a number of frames, or which, not 2/],
  ['sampleVideo', [{ ...sampling, seed: NaN }], /takes as seed an integer, not NaN/],
  ['sampleVideo', [{ ...sampling, sampleIdx: -1 }], /takes as sampleIdx an integer of at least 0, not -1/],
  ['sampleVideo', [{ ...sampling, videoIndices: ['a'] }], /takes as videoIndices integers, not "a"/],
  ['sampleVideo', [{ ...sampling, features: {} }], /features an object with embed, not an object without/],
  [
    'sampleVideo',
    [{ ...sampling, sampler: {} }],
    /as sampler what ancestralSampler, ddimSampler or another gives, not an object without/,
  ],
  [
    'sampleVideo',
    [{ ...sampling, sampler: api.ddimSampler(diffusion.schedule) }],
    /the sampler takes 50 steps, the diffusion has \d+: make the sampler from the schedule of that diffusion/,
  ],
  ['trainingLosses', [undefined, null, {}], /takes first what createDiffusion gives, not undefined/],
  ['trainingLosses', [diffusion, null, { x0: tf.zeros([3]) }], /takes as x0 videos .*, not \(3\)/],
  ['trainingLosses', [diffusion, null, { x0 }], /takes as noise a tensor \(2, 3, 4, 4, 3\), not undefined/],
  [
    'trainingLosses',
    [diffusion, null, { x0, noise: x0, at: diffusion.at([5]) }],
    /takes one step per video, 2 of them, not 1/,
  ],
  ['likelihoodTerms', [diffusion, null, { x0, noise: x0, t: [1, 2, 3] }], /one step per video, 2 .*, not 3/],
  ['likelihoodTerms', [diffusion, null, { x0, noise: x0 }], /takes one step per video, 2 of them, not none/],
  [
    'likelihoodTerms',
    [diffusion, null, { x0, noise: x0, mask: x0 }],
    /as mask a tensor \(2, 3\), not \(2, 3, 4/,
  ],
  ['priorBits', [diffusion, x0, tf.zeros([3])], /priorBits takes as mask a tensor \(2, 3\), not \(3\)/],
  ['adaptiveFeatures', [], /takes options with kind and imageSize, not undefined/],
  ['adaptiveFeatures', [{ kind: 'pixel', imageSize: 32 }], /one of lpips, pixels, not "pixel"/],
  ['adaptiveFeatures', [{ kind: 'pixels' }], /takes as imageSize the pixels of a side, not undefined/],
  ['resolveTrainConfig', [], /takes options by name, not undefined/],
  ['resolveTrainConfig', [{ lr: NaN }], /--lr takes a number of at least 0, not NaN/],
  ['resolveTrainConfig', [{ lr: Infinity }], /--lr takes a number of at least 0, not Infinity/],
  ['train', [], /takes a run with config, dataset and newRunId, not undefined/],
  [
    'train',
    [{ config: trainConfig }],
    /takes as dataset what openDataset gives, or one's own, not undefined/,
  ],
  ['train', [{ dataset }], /takes as config what resolveTrainConfig gives, not undefined/],
  ['train', [{ ...training, config }], /train: the configuration has no .*; resolveTrainConfig fills it in/],
  ['train', [{ config: trainConfig, dataset }], /takes as newRunId a run id, not undefined/],
  ['train', [{ ...training, newRunId: '../grey' }], /newRunId takes a run id, .*, not "\.\.\/grey"/],
  [
    'train',
    [{ ...training, config: { ...trainConfig, image_size: 64 } }],
    /of grey are 32 pixels wide, not 64/,
  ],
  ['train', [{ ...training, config: { ...trainConfig, T: 8 } }], /windows of grey have 4 frames, not T = 8/],
])('%s says what it expected and what came (%#)', async (name, given, message) => {
  const call = () => new Promise((resolve) => resolve(untyped[name]?.(...given)))
  await expect(call()).rejects.toThrow(UserError)
  await expect(call()).rejects.toThrow(message)
})

test('a network says which of its tensors does not go with the others', () => {
  const model = api.createModel(config)
  const [times, frames] = [tf.zeros([2]), tf.zeros([2, 3])]
  const x = tf.zeros([2, 3, 32, 32, 3])
  const given = { x, x0: x, timesteps: times, frameIndices: frames, obsMask: frames, latentMask: frames }
  for (const [wrong, message] of [
    [{ x: undefined }, /takes as x videos \(B, T, H, W, 3\), not undefined/],
    [{ x: x0 }, /takes as x0 a tensor \(2, 3, 4, 4, 3\), not \(2, 3, 32, 32, 3\)/],
    [{ x: frames }, /takes as x a tensor .*, not \(2, 3\)/],
    [{ timesteps: tf.zeros([1]) }, /takes as timesteps a tensor \(2\), not \(1\)/],
    [{ obsMask: times }, /takes as obsMask a tensor \(2, 3\), not \(2\)/],
    [{ frameIndices: undefined }, /takes as frameIndices a tensor \(2, 3\), not undefined/],
  ] as const) {
    const call = () => model.apply({ ...given, ...wrong } as never)
    expect(call).toThrow(UserError)
    expect(call).toThrow(message)
  }
  model.dispose()
})

test('a model that was disposed of says so', async () => {
  const model = api.createModel(config)
  model.dispose()
  const message = /: the model was disposed of: dispose of it after its last use$/
  const size = config.image_size
  const videos = { shape: [1, 6, size, size, 3], data: new Uint8Array(6 * size * size * 3) }
  const call = untyped.sampleVideo?.({ ...sampling, model, diffusion, videos })
  await expect(call).rejects.toThrow(UserError)
  await expect(call).rejects.toThrow(message)
  expect(() => model.apply({} as never)).toThrow(message)
})

test.each([
  [true, /with learn_sigma True a diffusion process takes 6 channels from its network, not 3/],
  [false, /with learn_sigma False a diffusion process takes 3 channels from its network, not 6/],
])('a network of another process is an error that says so', async (learn_sigma, message) => {
  const model = fakeModel((_, x) => (learn_sigma ? x : tf.concat([x, x], 4)))
  const other = { ...sampling, model, diffusion: api.createDiffusion({ ...fakeConfig, learn_sigma }) }
  await expect(untyped.sampleVideo?.(other)).rejects.toThrow(message)
})

test('what is right is taken', async () => {
  const { shape } = (await untyped.sampleVideo?.(sampling)) as typeof film
  expect(shape).toEqual(film.shape)
})
