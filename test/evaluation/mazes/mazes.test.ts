import { expect, test } from 'vitest'
import type { VideoDataset } from '../../../src/data/dataset.js'
import { hallwayPixels } from '../../../src/evaluation/mazes/hallway-pixels.js'
import { mazeAccuracy } from '../../../src/evaluation/mazes/maze-accuracy.js'
import { mazeWalk, smoothed } from '../../../src/evaluation/mazes/maze-walk.js'
import { measureMazes, type MazeVideo } from '../../../src/evaluation/mazes/measure-mazes.js'
import { sampleFile } from '../../../src/sampling/results/results-layout.js'
import { writeSample } from '../../../src/sampling/results/sample-file.js'
import { sampleSet } from '../../../src/sampling/results/sample-set.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const SIZE = 64
const GREEN = [20, 200, 20] as const
const GREY = [90, 90, 90] as const

/** A frame that is coloured where asked. */
function frame(colour: (y: number, x: number) => readonly number[]): Uint8Array {
  return Uint8Array.from(
    { length: SIZE * SIZE * 3 },
    (_, i) => colour(Math.floor(i / 3 / SIZE), Math.floor(i / 3) % SIZE)[i % 3] ?? 0,
  )
}

test('a strip of 31 rows counts, eroded towards its upper left', () => {
  expect(hallwayPixels(frame(() => GREEN))).toBe(31 * 64)
  expect(hallwayPixels(frame((y) => (y >= 14 && y < 45 ? GREY : GREEN)))).toBe(0)
  // Of a block of 5 x 7 in the middle 4 x 6 have neighbours above and to the left; at the edge of the strip all.
  const block = (top: number, left: number) =>
    frame((y, x) => (y >= top && y < top + 5 && x >= left && x < left + 7 ? GREEN : GREY))
  expect(hallwayPixels(block(20, 20))).toBe(4 * 6)
  expect(hallwayPixels(block(14, 0))).toBe(5 * 7)
  expect(hallwayPixels(block(10, 20))).toBe(1 * 6)
  expect(hallwayPixels(block(42, 57))).toBe(2 * 6)
})

test.each([
  // As OpenCV's cvtColor to HSV and inRange say, bounds included.
  [[0, 117, 41], true],
  [[0, 117, 39], true],
  [[0, 117, 42], false],
  [[0, 25, 0], true],
  [[0, 24, 0], false],
  [[180, 200, 180], true],
  [[181, 200, 181], false],
  [[80, 200, 0], false],
  [[79, 240, 0], true],
  [[200, 20, 20], false],
  [[90, 90, 90], false],
  [[0, 0, 0], false],
] as const)('%j is the green of a hallway: %s', (colour, isGreen) => {
  expect(hallwayPixels(frame(() => colour)) > 0).toBe(isGreen)
})

test('smoothing is a triangle that ends with the video', () => {
  const impulse = [0, 0, 0, 0, 0, 25, 0, 0, 0, 0, 0]
  expect(smoothed(impulse)).toEqual([0, 25 / 19, 50 / 22, 75 / 24, 4, 5, 4, 75 / 24, 50 / 22, 25 / 19, 0]) // prettier-ignore
  expect(smoothed([7, 7, 7])).toEqual([7, 7, 7])
})

const long = (...counts: number[]) => counts.flatMap((count) => Array.from({ length: 20 }, () => count))
test.each([
  ['stays', long(0, 900, 1000)],
  ['enters', long(0, 1001)],
  ['enters', long(1500, 501)],
  ['recovers', long(0, 1500, 500)],
  ['recovers', long(1500, 0, 1500)],
  // Too short for the smoothed count.
  ['stays', [...long(0), 1500, ...long(0)]],
] as const)('a walk that %s', (walk, counts) => {
  expect(mazeWalk(counts)).toBe(walk)
})

test('accuracy is over the rounds of samples', () => {
  const video = (truth: MazeVideo['truth'], walks: MazeVideo['truth'][]): MazeVideo => ({
    ...{ video: 0, truth },
    samples: walks.map((walk, sampleIdx) => ({ sampleIdx, walk })),
  })
  const { accuracy, standardError, kinds } = mazeAccuracy([
    video('stays', ['stays', 'stays', 'enters']),
    video('stays', ['stays', 'enters', 'enters']),
  ])
  // 100, 50 and 0 %.
  expect(accuracy).toBeCloseTo(50, 12)
  expect(standardError).toBeCloseTo(Math.sqrt(5000 / 3 / 2), 10)
  expect(kinds).toEqual({
    stays: { videos: 2, accuracy: 50 },
    enters: { videos: 0, accuracy: undefined },
    recovers: { videos: 0, accuracy: undefined },
  })
  expect(mazeAccuracy([video('enters', ['enters'])]).standardError).toBeUndefined()
})

const scratch = temporaryFolder()

test('samples are compared with their own true walks, after the given frames', async () => {
  const T = 12
  const film = (from: number, to: number) => {
    const data = new Uint8Array(T * SIZE * SIZE * 3)
    for (let t = 0; t < T; t++)
      data.set(
        frame(() => (t >= from && t < to ? GREEN : GREY)),
        t * SIZE * SIZE * 3,
      )
    return data
  }
  const truths = [film(0, 0), film(6, T)]
  const truth: VideoDataset = {
    ...{ name: 'mazes', split: 'test', length: 2, T, imageSize: SIZE },
    frameCount: () => T,
    readFrames: (video) => Promise.resolve(truths[video] ?? new Uint8Array()),
  }
  // Green before the given frames end does not count.
  writeSample(sampleFile(scratch, 0, 0), { shape: [T, SIZE, SIZE, 3], data: film(0, 4) })
  writeSample(sampleFile(scratch, 1, 0), { shape: [T, SIZE, SIZE, 3], data: film(0, 0) })
  const samples = sampleSet(scratch, { skipBad: false })
  expect(await measureMazes({ samples, truth, firstFrame: 4 })).toEqual([
    { video: 0, truth: 'stays', samples: [{ sampleIdx: 0, walk: 'stays' }] },
    { video: 1, truth: 'enters', samples: [{ sampleIdx: 0, walk: 'stays' }] },
  ])
  expect((await measureMazes({ samples, truth, firstFrame: 0 }))[0]?.samples[0]?.walk).toBe('recovers')
  const small = { ...samples, shape: [T, 32, 32] as const }
  await expect(measureMazes({ samples: small, truth, firstFrame: 0 })).rejects.toThrow('samples have 32x32')
})
