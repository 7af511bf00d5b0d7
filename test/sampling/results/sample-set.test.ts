import { mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeNpy } from '../../../src/data/npy.js'
import { sampleFile } from '../../../src/sampling/results/results-layout.js'
import { sampleSet } from '../../../src/sampling/results/sample-set.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const scratch = temporaryFolder()

/** A run with samples of these shapes; text is written as it is. */
function run(samples: Readonly<Record<number, number[] | string>>): string {
  const folder = mkdtempSync(path.join(scratch, 'run-'))
  writeNpy(sampleFile(folder, 7, 3), { dtype: 'uint8', shape: [1, 3, 2, 2], data: new Uint8Array(12) })
  for (const [video, shape] of Object.entries(samples)) {
    const file = sampleFile(folder, Number(video), 0)
    if (typeof shape === 'string') writeFileSync(file, shape)
    else
      writeNpy(file, {
        dtype: 'uint8',
        shape,
        data: new Uint8Array(shape.reduce((product, size) => product * size, 1)),
      })
  }
  return folder
}
const fits = [5, 3, 2, 2]
const choose = (folder: string, options: { numVideos?: number; skipBad?: boolean } = {}) =>
  sampleSet(folder, { sampleIndices: [0], skipBad: false, ...options })

test('takes all there are, or the first so many', () => {
  const folder = run({ 0: fits, 2: fits, 10: fits })
  const all = choose(folder)
  expect(all).toMatchObject({ skipped: [], shape: [5, 2, 2] })
  expect(all.samples.map(({ video }) => video)).toEqual([0, 2, 10])
  expect(choose(folder, { numVideos: 1 }).samples).toHaveLength(1)
  expect(() => choose(folder, { numVideos: 3 })).toThrow(
    /^1 of 3 samples cannot be used \(.*sample_0001-0\.npy is missing\): sample them again, or leave them out/,
  )
})

test('names what cannot be used, and leaves it out if asked to', () => {
  const folder = run({
    0: [4, 3, 2, 2],
    1: fits,
    2: fits,
    3: '',
    4: 'text',
    5: [0, 3, 2, 2],
    6: [5, 2, 2, 3],
  })
  expect(() => choose(folder)).toThrow(
    /^5 of 7 samples cannot be used \(.*0000-0\.npy has 4 frames .*; .*0006-0\.npy is not .*\): sample them again/,
  )
  const { samples, skipped } = choose(folder, { skipBad: true, numVideos: 9 })
  expect(samples.map(({ video }) => video)).toEqual([1, 2])
  expect(skipped.map(({ file, reason }) => `${path.basename(file)} ${reason}`)).toEqual([
    'sample_0000-0.npy has 4 frames of 2x2 pixels, others have 5 frames of 2x2 pixels',
    'sample_0003-0.npy is empty: it has 0 bytes',
    'sample_0004-0.npy is not a .npy file: it begins differently',
    'sample_0005-0.npy is empty: its shape is (0, 3, 2, 2)',
    'sample_0006-0.npy is not a sampled video: expected uint8 (T, 3, H, W), got uint8 (5, 2, 2, 3)',
    'sample_0007-0.npy is missing',
    'sample_0008-0.npy is missing',
  ])
  expect(() => choose(folder, { numVideos: 20 })).toThrow(/; and 13 more\)/)
})

test('takes several samples of each video', () => {
  const folder = run({ 0: fits, 1: fits })
  const again = (video: number, sampleIdx: number) =>
    writeNpy(sampleFile(folder, video, sampleIdx), {
      dtype: 'uint8',
      shape: fits,
      data: new Uint8Array(60),
    })
  again(0, 2)
  const both = { sampleIndices: [0, 2], skipBad: true }
  const named = ({ samples }: ReturnType<typeof sampleSet>) =>
    samples.map(({ video, sampleIdx, file }) => {
      expect(path.basename(file)).toBe(`sample_000${video}-${sampleIdx}.npy`)
      return [video, sampleIdx]
    })
  expect(named(sampleSet(folder, both))).toEqual([
    [0, 0],
    [0, 2],
    [1, 0],
  ])
  expect(() => sampleSet(folder, { ...both, skipBad: false })).toThrow(/^1 of 4 .*0001-2\.npy is missing/)
  again(1, 2)
  expect(sampleSet(folder, both).skipped).toEqual([])
  // Sample 3 of video 7 makes them 3 samples of 3 videos.
  expect(() => sampleSet(folder, { skipBad: false })).toThrow(/^5 of 9 samples/)
})

test('says where nothing is', () => {
  expect(() => choose(path.join(scratch, 'nowhere'))).toThrow('has no samples/')
  expect(() => choose(run({}))).toThrow(/holds no sample 0 of any video: is it the folder/)
  expect(() => choose(run({ 0: 'x' }), { skipBad: true })).toThrow(/0000-0\.npy is not a \.npy file/)
})
