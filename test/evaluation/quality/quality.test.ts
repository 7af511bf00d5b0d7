import { mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { VideoDataset } from '../../../src/data/dataset.js'
import {
  measureQuality,
  type QualityInputs,
  type SampleQuality,
} from '../../../src/evaluation/quality/measure-quality.js'
import { psnr } from '../../../src/evaluation/quality/psnr.js'
import { qualityText } from '../../../src/evaluation/quality/quality-text.js'
import { ssim } from '../../../src/evaluation/quality/ssim.js'
import { summariseQuality } from '../../../src/evaluation/quality/summarise-quality.js'
import { sampleFile } from '../../../src/sampling/results/results-layout.js'
import { writeSample } from '../../../src/sampling/results/sample-file.js'
import { sampleSet, wholeVideos } from '../../../src/sampling/results/sample-set.js'
import { uniform } from '../../helpers/golden.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const scratch = temporaryFolder()
const T = 20
const SIZE = 12
const FRAME = SIZE * SIZE * 3
const made = (name: string) => Uint8Array.from(uniform(name, T * FRAME), (u) => 256 * u)
const frame = (film: Uint8Array, t: number) => film.subarray(t * FRAME, (t + 1) * FRAME)

const truth: VideoDataset = {
  ...{ name: 'made', split: 'test', length: 3, T, imageSize: SIZE },
  frameCount: () => T + 5,
  readFrames: (video, frames) => {
    expect(frames).toHaveLength(T)
    return Promise.resolve(made(`truth ${video}`))
  },
}

/** Says nothing but the first value of each frame. */
const embedder = {
  embed: (frames: Uint8Array | Float32Array) =>
    Array.from({ length: frames.length / FRAME }, (_, t) => Float32Array.of(frames[t * FRAME] ?? 0, 1)),
}

function run(): string {
  const folder = mkdtempSync(path.join(scratch, 'run-'))
  for (const video of [0, 1, 2])
    for (const idx of [0, 1])
      writeSample(sampleFile(folder, video, idx), {
        shape: [T, SIZE, SIZE, 3],
        data: made(`${video} ${idx}`),
      })
  return folder
}

const measure = (changes: Partial<QualityInputs> = {}) =>
  measureQuality({
    samples: sampleSet(run(), { skipBad: false }),
    ...{ truth, embedder, frames: Array.from({ length: 18 }, (_, i) => i + 2) },
    ...changes,
  })

test('each frame that is asked for is compared with its own true one', async () => {
  const progress: string[] = []
  const measured = await measure({
    onProgress: (done, total) => progress.push(`${done.toFixed(1)}/${total}`),
  })
  expect(measured.map(({ video, sampleIdx }) => [video, sampleIdx])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1], // prettier-ignore
  ])
  const { values } = measured[3] ?? {}
  const [sampled, real] = [made('1 1'), made('truth 1')]
  expect(values?.psnr).toHaveLength(18)
  for (const i of [0, 9, 17]) {
    const pair = [frame(sampled, i + 2), frame(real, i + 2)] as const
    expect(values?.psnr?.[i]).toBe(psnr(...pair))
    expect(values?.ssim?.[i]).toBe(ssim(...pair, { height: SIZE, width: SIZE }))
    expect(values?.lpips?.[i]).toBe(((pair[0][0] ?? NaN) - (pair[1][0] ?? NaN)) ** 2)
  }
  expect(progress).toEqual(['1.8/6', '2.0/6', '3.8/6', '4.0/6', '5.8/6', '6.0/6'])
})

test('without weights LPIPS is left out', async () => {
  const measured = await measure({ embedder: undefined })
  expect(Object.keys(measured[0]?.values ?? {})).toEqual(['psnr', 'ssim'])
  expect(Object.keys(summariseQuality(measured))).toEqual(['psnr', 'ssim'])
})

test('truth that does not fit is said', async () => {
  await expect(measure({ truth: { ...truth, length: 2 } })).rejects.toThrow(
    /sample_0002-0\.npy: the data set made has no test video 2 of 20 frames/,
  )
  await expect(measure({ truth: { ...truth, imageSize: 16 } })).rejects.toThrow('12x12 pixels')
  await expect(measure({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
})

test('mean over samples, best by its own metric, error over videos', () => {
  const sample = (video: number, sampleIdx: number, psnr: number[], lpips: number[]): SampleQuality => ({
    ...{ video, sampleIdx, values: { psnr, lpips } },
  })
  const { psnr, ssim, lpips } = summariseQuality([
    sample(0, 0, [10, 20], [0.5, 0.5]),
    sample(0, 1, [30, 12], [0.9, 0.7]),
    sample(5, 0, [20, 20], [0.2, 0.2]),
    sample(5, 1, [18, 14], [0.1, 0.1]),
  ])
  expect(ssim).toBeUndefined()
  expect(psnr?.mean).toEqual({ value: 18, standardError: 0, curve: [19.5, 16.5] })
  // 21 of the second sample, 20 of the first.
  expect(psnr?.best).toEqual({ value: 20.5, standardError: 0.5, curve: [25, 16] })
  expect(lpips?.best.value).toBeCloseTo(0.3, 12)
  expect(lpips?.mean.value).toBeCloseTo((0.65 + 0.15) / 2, 12)
  const alone = summariseQuality([sample(0, 0, [10], [0.5])])
  expect(alone.psnr?.mean).toEqual({ value: 10, standardError: undefined, curve: [10] })
  expect(qualityText(alone, 1)).toBe(
    '       mean\nPSNR   10.00   dB, more is better\nLPIPS  0.5000  less is better\n',
  )
  expect(qualityText(psnr ? { psnr } : {}, 2)).toBe(
    '      mean of 2 samples  best of 2\nPSNR  18.00 ± 0.00       20.50 ± 0.50  dB, more is better\n',
  )
})

test('a video of which a sample is bad is left out as a whole', () => {
  const folder = run()
  writeFileSync(sampleFile(folder, 1, 1), '')
  const whole = wholeVideos(sampleSet(folder, { skipBad: true }))
  expect(whole.samples.map(({ video, sampleIdx }) => `${video}-${sampleIdx}`)).toEqual(['0-0', '0-1', '2-0', '2-1']) // prettier-ignore
  for (const video of [0, 2]) writeFileSync(sampleFile(folder, video, 0), '')
  expect(() => wholeVideos(sampleSet(folder, { skipBad: true }))).toThrow(
    /no video of which all samples can be used \(.*0000-0\.npy is empty/,
  )
})
