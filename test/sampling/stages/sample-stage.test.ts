import { beforeAll, expect, test } from 'vitest'
import { ancestralSampler } from '../../../src/diffusion/samplers/ancestral.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { denoisingStep } from '../../../src/sampling/stages/denoising-step.js'
import { nextBatch } from '../../../src/sampling/stages/next-batch.js'
import { sampleStage } from '../../../src/sampling/stages/sample-stage.js'
import { beginVideo, type VideoInProgress } from '../../../src/sampling/stages/video-in-progress.js'
import { filmOf } from '../../../src/sampling/videos/video-batch.js'
import { autoreg } from '../../../src/schemes/autoreg.js'
import { countingVideos, fakeDiffusion, fakeModel } from '../fake-model.js'

beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

/** Latent frames follow their noise, and the mean of what the network is given. */
const model = fakeModel(({ x0 }, x) => tf.tanh(tf.add(x, tf.mean(x0, [1, 2, 3, 4], true))))
const { numTimesteps } = fakeDiffusion
const shared = { model, diffusion: fakeDiffusion, clipDenoised: true }
const denoise = denoisingStep({ ...shared, sampler: ancestralSampler(fakeDiffusion.schedule) })

/** Videos of nine frames, three of them given, four at once, two of them new: three stages. */
function begin(count: number): VideoInProgress[] {
  const settings = { videoLength: 9, observed: 3, maxFrames: 4, stepSize: 2 }
  return Array.from({ length: count }, (_, video) =>
    beginVideo({
      given: filmOf(countingVideos(count, 9), video),
      scheme: autoreg,
      settings,
      key: { seed: 0, video, sampleIdx: 0 },
    }),
  )
}

async function step(videos: readonly VideoInProgress[], rows?: number): Promise<void> {
  const batch = nextBatch(videos)
  await sampleStage(batch, { denoise, numTimesteps, rows: rows ?? batch.length, onStep: () => undefined })
  for (const video of batch) video.advance()
}

test('videos at different stages are sampled together as they are alone', async () => {
  const alone = begin(3)
  for (const video of alone) while (video.next) await step([video])
  const films = alone.map(({ frames }) => frames.toFilm())

  const [first, second, third] = begin(3) as [VideoInProgress, VideoInProgress, VideoInProgress]
  await step([first])
  await step([first, second])
  expect([first, second, third].map(({ next }) => next?.index)).toEqual([2, 1, 0])
  await step([first, second, third], 4)
  expect(first.next).toBeUndefined()
  await step([first, second, third])
  await step([third], 4)
  expect([first, second, third].map(({ next }) => next)).toEqual([undefined, undefined, undefined])
  expect([first, second, third].map(({ frames }) => frames.toFilm())).toEqual(films)
})

test('stages of other sizes wait', () => {
  const videos = begin(3).map((video, i) => ({
    ...video,
    next: { index: 0, observed: i === 1 ? [0] : [1, 2], latent: [3, 4] },
  }))
  expect(nextBatch(videos).map(({ key }) => key.video)).toEqual([0, 2])
  expect(nextBatch(videos.slice(1)).map(({ key }) => key.video)).toEqual([1])
  expect(nextBatch(videos.map((video) => ({ ...video, next: undefined })))).toEqual([])
})
