import { expect, test } from 'vitest'
import { runsCompiled } from '../../../src/runtime/compile.js'
import { nextBatch, rowsFor } from '../../../src/sampling/stages/next-batch.js'
import type { VideoInProgress } from '../../../src/sampling/stages/video-in-progress.js'
import { frameStore } from '../../../src/sampling/videos/frame-store.js'
import { range } from '../../../src/schemes/range.js'
import { describeEachBackend } from '../../helpers/backends.js'

/** A video whose next stage conditions on so many frames and samples so many; without them it is done. */
function video(
  number: number,
  ...[observed, latent]: [observed: number, latent: number] | []
): VideoInProgress {
  const frames = frameStore({ shape: [1, 1, 1, 3], data: new Uint8Array(3) }, [0])
  const next =
    observed === undefined || latent === undefined
      ? undefined
      : { index: number, observed: range(observed), latent: range(observed, observed + latent) }
  return {
    key: { seed: 0, video: number, sampleIdx: 0 },
    frames,
    stages: [],
    next,
    advance: () => undefined,
    dispose: () => undefined,
  }
}

const numbers = (videos: readonly VideoInProgress[]) => videos.map(({ key }) => key.video)

test('videos are sampled together that condition on as many frames and sample as many', () => {
  // The second takes as many frames as the others, but samples more of them.
  const videos = [video(0, 3, 1), video(1, 2, 2), video(2), video(3, 3, 1), video(4, 3, 2)]
  expect(numbers(nextBatch(videos))).toEqual([0, 3])
  expect(numbers(nextBatch(videos.slice(1)))).toEqual([1])
  expect(nextBatch([video(2)])).toEqual([])
})

describeEachBackend('rows of the network', () => {
  test('are never fewer than videos, and where steps are compiled of few numbers', () => {
    for (const batchSize of [1, 6, 8]) {
      const videos = range(1, batchSize + 1)
      const rows = videos.map((count) => rowsFor(count, batchSize))
      const compiled = { 1: [1], 6: [1, 2, 4, 4, 6, 6], 8: [1, 2, 4, 4, 8, 8, 8, 8] }[batchSize]
      expect(rows).toEqual(runsCompiled() ? compiled : videos)
    }
  })
})
