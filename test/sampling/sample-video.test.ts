import { beforeAll, expect, test } from 'vitest'
import { ancestralSampler } from '../../src/diffusion/samplers/ancestral.js'
import { UserError } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import type { FrameFeatures } from '../../src/sampling/features/frame-features.js'
import { pixelFeatures } from '../../src/sampling/features/pixel-features.js'
import { trueStages } from '../../src/sampling/features/true-stages.js'
import { sampleVideo } from '../../src/sampling/sample-video.js'
import { denoisingStep, type DenoisingStep } from '../../src/sampling/stages/denoising-step.js'
import type { SampleVideoOptions } from '../../src/sampling/stages/sample-video-options.js'
import { filmOf, frameOf } from '../../src/sampling/videos/video-batch.js'
import { adaptiveAutoreg } from '../../src/schemes/adaptive-autoreg.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { infill } from '../../src/schemes/infill.js'
import { squaredDistance } from '../../src/squared-distance.js'
import { countingVideos, fakeDiffusion, fakeModel, SIZE } from './fake-model.js'

beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

/** Latent frames follow their noise: no two seeds, videos or stages give the same. */
const noisy = () => fakeModel((_, x) => tf.tanh(x))

const settings = (options: Partial<SampleVideoOptions> = {}): SampleVideoOptions => ({
  model: noisy(),
  diffusion: fakeDiffusion,
  videos: countingVideos(2, 9),
  observed: 3,
  scheme: autoreg,
  maxFrames: 4,
  ...options,
})

test('each stage feeds the observed frames, then the latent ones, with their masks and positions', async () => {
  const fed: { x0: number[]; obs: number[][]; latent: number[][]; positions: number[][] }[] = []
  const model = fakeModel(({ x0, obsMask, latentMask, frameIndices }) => {
    fed.push({
      x0: [...tf.mean(x0, [2, 3, 4]).dataSync()].map((mean) => Math.round(((mean + 1) * 255) / 2)),
      obs: obsMask.arraySync(),
      latent: latentMask.arraySync(),
      positions: frameIndices.arraySync(),
    })
    return tf.zerosLike(x0)
  })
  await sampleVideo(settings({ model }))
  expect(fed).toHaveLength(3 * 5)
  const mask = (ones: number[]) => [ones, ones]
  expect(fed[0]).toEqual({
    x0: [1, 2, 128, 128, 11, 12, 128, 128],
    obs: mask([1, 1, 0, 0]),
    latent: mask([0, 0, 1, 1]),
    positions: mask([1, 2, 3, 4]),
  })
  expect(fed[5]?.positions).toEqual(mask([3, 4, 5, 6]))
  expect(fed[10]?.positions).toEqual(mask([5, 6, 7, 8]))
})

test('nothing is rounded between stages, and given frames stay as they were', async () => {
  const FIFTH = 2 / 255 / 5
  // Each frame is the latest observed one plus a fifth of a level: lost, if a stage rounded.
  const model = fakeModel(({ x0, obsMask }) => {
    const last = x0.slice([0, obsMask.shape[1] - 2], [-1, 1])
    return tf.tile(tf.add(last, FIFTH), [1, obsMask.shape[1], 1, 1, 1])
  })
  const videos = countingVideos(2, 13)
  const sampled = await sampleVideo(settings({ model, videos, maxLatentFrames: 1 }))
  for (const b of [0, 1]) {
    expect(filmOf(sampled, b).data.subarray(0, 3 * SIZE * SIZE * 3)).toEqual(
      filmOf(videos, b).data.subarray(0, 3 * SIZE * SIZE * 3),
    )
    // Ten stages of a fifth of a level on top of frame 2.
    expect(frameOf(sampled, b, 12)[0]).toBe(10 * b + 2 + 2)
    expect(frameOf(sampled, b, 4)[0]).toBe(10 * b + 2)
  }
})

test('a video is the same in whatever batch it is sampled', async () => {
  const videos = countingVideos(3, 9)
  const together = await sampleVideo(settings({ videos, videoIndices: [4, 7, 5] }))
  for (const [b, index] of [4, 7, 5].entries()) {
    const film = filmOf(videos, b)
    const alone = await sampleVideo(
      settings({ videos: { shape: [1, ...film.shape], data: film.data }, videoIndices: [index] }),
    )
    expect(alone.data).toEqual(filmOf(together, b).data)
  }
})

test('noise depends on seed, video, sample number, stage and step', async () => {
  const first = (await sampleVideo(settings())).data
  expect((await sampleVideo(settings())).data).toEqual(first)
  expect((await sampleVideo(settings({ seed: 1 }))).data).not.toEqual(first)
  expect((await sampleVideo(settings({ sampleIdx: 1 }))).data).not.toEqual(first)
  expect((await sampleVideo(settings({ videoIndices: [2, 3] }))).data).not.toEqual(first)
  const video = filmOf({ shape: [2, 9, SIZE, SIZE, 3], data: first }, 0)
  const frames = new Set(
    [3, 4, 5, 6, 7, 8].map((t) => String(video.data.subarray(t * SIZE ** 2 * 3, (t + 1) * SIZE ** 2 * 3))),
  )
  expect(frames.size).toBe(6)
})

test('the contents of frames that are not observed do not matter', async () => {
  const videos = countingVideos(2, 9)
  const other = { shape: videos.shape, data: videos.data.slice() }
  for (const b of [0, 1]) for (let t = 3; t < 9; t++) frameOf(other, b, t).fill(99)
  expect((await sampleVideo(settings({ videos: other }))).data).toEqual(
    (await sampleVideo(settings({ videos }))).data,
  )
})

test('without observed frames the first stage is unconditional', async () => {
  const model = noisy()
  const sampled = await sampleVideo(settings({ model, observed: 0 }))
  expect(model.seen.map(({ obsMask }) => obsMask.shape)).toEqual([
    [2, 4],
    [2, 4],
    [2, 4],
    [2, 3],
  ])
  expect(sampled.data.every((value) => value === 0)).toBe(false)
})

test('any frames may be given', async () => {
  const videos = countingVideos(2, 9)
  const sampled = await sampleVideo(settings({ videos, scheme: infill, observed: [0, 4, 8] }))
  for (const b of [0, 1])
    for (let t = 0; t < 9; t++) {
      const same = String(frameOf(sampled, b, t)) === String(frameOf(videos, b, t))
      expect(same).toBe(t % 4 === 0)
    }
})

test('each video of a batch conditions on frames of its own choice', async () => {
  const positions: number[][][] = []
  const model = fakeModel(({ frameIndices }, x) => {
    positions.push(frameIndices.arraySync())
    return tf.tanh(x)
  })
  // In the first video frame 1 stands out from frames 0, 2 and 3, in the second frame 0.
  const videos = countingVideos(2, 6)
  frameOf(videos, 0, 1).fill(255)
  frameOf(videos, 1, 0).fill(255)
  const options = { model, videos, scheme: adaptiveAutoreg, observed: 4 }
  const { data } = await sampleVideo(settings(options))
  expect(positions[0]).toEqual([
    [3, 1, 4, 5],
    [3, 0, 4, 5],
  ])
  for (const b of [0, 1]) {
    const { shape, data: given } = filmOf(videos, b)
    const alone = { videos: { shape: [1, ...shape] as const, data: given }, videoIndices: [b] }
    const film = await sampleVideo(settings({ ...options, ...alone }))
    expect(film.data).toEqual(filmOf({ shape: videos.shape, data }, b).data)
  }
})

test('frames are embedded once each, all new ones together, and compared with all before', async () => {
  const embedded: number[] = []
  const compared: (readonly [number, number])[] = []
  const features: FrameFeatures = {
    embed(frames, shape) {
      embedded.push(frames.length)
      return pixelFeatures.embed(frames, shape)
    },
    squaredDistances(from, against) {
      compared.push([from.length, against.length])
      return new Float64Array(from.length * against.length)
    },
  }
  await sampleVideo(
    settings({ videos: countingVideos(1, 9), scheme: adaptiveAutoreg, observed: 3, features }),
  )
  expect(embedded).toEqual([3, 2, 2])
  const stageByStage = [[3, 3], [2, 5], [2, 7]] // prettier-ignore
  expect(compared).toEqual(stageByStage)
  const film = { shape: [9, 32, 32, 3] as const, data: new Uint8Array(9 * 32 * 32 * 3) }
  trueStages(adaptiveAutoreg, { videoLength: 9, observed: 3, maxFrames: 4, stepSize: 2 }, film, features)
  expect(compared).toEqual([...stageByStage, [9, 9]])
})

test('what compares the frames of a video is disposed of, however the video ends', async () => {
  let [begun, open, failing] = [0, 0, Infinity]
  const features: FrameFeatures = {
    embed: () => expect.fail('there is a comparer'),
    comparer() {
      begun++
      open++
      const all: Float32Array[] = []
      return {
        add(frames, shape) {
          if (begun === failing) throw new Error('no room')
          const fresh = pixelFeatures.embed(frames, shape)
          all.push(...fresh)
          return Float64Array.from(fresh.flatMap((a) => all.map((b) => squaredDistance(a, b))))
        },
        dispose: () => open--,
      }
    },
  }
  const adaptive = { videos: countingVideos(3, 9), scheme: adaptiveAutoreg, features }
  const videos = await sampleVideo(settings(adaptive))
  expect([begun, open]).toEqual([3, 0])
  expect(videos).toEqual(await sampleVideo(settings({ ...adaptive, features: pixelFeatures })))
  const onProgress = ({ stage }: { stage: number }) => {
    expect(open).toBe(3)
    if (stage === 1) throw new Error('stopped')
  }
  await expect(sampleVideo(settings({ ...adaptive, onProgress }))).rejects.toThrow('stopped')
  expect([begun, open]).toEqual([6, 0])
  // While the last of the three begins.
  failing = 9
  await expect(sampleVideo(settings(adaptive))).rejects.toThrow('no room')
  expect([begun, open]).toEqual([9, 0])
  // A scheme that does not look at frames needs none.
  await sampleVideo(settings({ ...adaptive, scheme: autoreg }))
  expect([begun, open]).toEqual([9, 0])
})

test('the count of tensors is flat over stages, and nothing is left behind', async () => {
  const counts: number[] = []
  const before = tf.memory().numTensors
  await sampleVideo(
    settings({
      onProgress({ step }) {
        if (step === 0) counts.push(tf.memory().numTensors)
      },
    }),
  )
  expect(counts).toEqual([before, before, before])
  expect(tf.memory().numTensors).toBe(before)
})

test('progress counts stages and steps', async () => {
  const seen: string[] = []
  await sampleVideo(
    settings({
      onProgress: ({ stage, stages, step, steps }) =>
        seen.push(`${stage}/${String(stages)} ${step}/${steps}`),
    }),
  )
  expect(seen).toHaveLength(3 * 6)
  expect(seen.slice(0, 2)).toEqual(['0/3 0/5', '0/3 1/5'])
  expect(seen.at(-1)).toBe('2/3 5/5')
})

test('a signal stops sampling at the next step and frees everything', async () => {
  const controller = new AbortController()
  const before = tf.memory().numTensors
  let steps = 0
  const onProgress = () => {
    if (++steps === 8) controller.abort(new Error('stopped'))
  }
  await expect(sampleVideo(settings({ onProgress, signal: controller.signal }))).rejects.toThrow('stopped')
  expect(steps).toBe(8)
  expect(tf.memory().numTensors).toBe(before)
})

test('a step that is given is used, and left to its owner', async () => {
  const { model, diffusion } = settings()
  const own = denoisingStep({
    ...{ model, diffusion, clipDenoised: true },
    sampler: ancestralSampler(diffusion.schedule),
  })
  let calls = 0
  const denoise: DenoisingStep = {
    ...own,
    run: (...given) => {
      calls++
      return own.run(...given)
    },
    dispose: () => expect.fail('it may be used again'),
  }
  expect(await sampleVideo(settings({ denoise }))).toEqual(await sampleVideo(settings()))
  expect(calls).toBe(3 * 5)
  own.dispose()
})

test('values that are not numbers are an error, not a black frame', async () => {
  const model = fakeModel((_, x): Tensor5D => tf.mul(x, NaN))
  await expect(sampleVideo(settings({ model, clipDenoised: false }))).rejects.toThrow(
    /not numbers in frame 3/,
  )
})

test('predictions are kept within the range of pixels unless told otherwise', async () => {
  const model = fakeModel(({ x0, latentMask }) => {
    const K = latentMask.shape[1]
    const last = x0.slice([0, 0], [-1, 1])
    return tf.tile(tf.add(tf.mul(last, 0), 1.5), [1, K, 1, 1, 1])
  })
  const values: number[] = []
  const spied = fakeModel((conditioning, x) => {
    values.push(tf.max(conditioning.x0).dataSync()[0] ?? NaN)
    return model.conditioned(conditioning)(x, tf.zeros([1]))
  })
  await sampleVideo(settings({ model: spied }))
  expect(values.at(-1)).toBeCloseTo(1, 6)
  await sampleVideo(settings({ model: spied, clipDenoised: false }))
  expect(values.at(-1)).toBeCloseTo(1.5, 6)
})

test('what does not fit together is said before any work', async () => {
  const videos = countingVideos(2, 9)
  const wrong: readonly [Partial<SampleVideoOptions>, RegExp][] = [
    [{ observed: 9 }, /nothing to sample/],
    [{ maxFrames: 1 }, /leaves no room .* max_frames = 1/],
    [{ videoIndices: [1] }, /1 index was given for 2 videos/],
    [{ videos: { shape: [2, 9, 8, 8, 3], data: new Uint8Array(2 * 9 * 192) } }, /4x4 pixels, not 8x8/],
    [{ videos: { shape: videos.shape, data: videos.data.subarray(1) } }, /values, not/],
  ]
  for (const [options, message] of wrong) {
    const model = noisy()
    await expect(sampleVideo(settings({ model, ...options }))).rejects.toThrow(message)
    await expect(sampleVideo(settings({ model, ...options }))).rejects.toThrow(UserError)
    expect(model.seen).toHaveLength(0)
  }
})
