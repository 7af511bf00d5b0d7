import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openPlacedFrames } from '../../../src/carla/training/placed-frames.js'
import { writeNpy } from '../../../src/data/npy.js'
import { tensor, writeTorchFile } from '../../../src/torch-file/index.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const scratch = temporaryFolder()

interface Drive {
  readonly places: readonly (readonly [number, number])[]
  readonly frames?: number
  readonly size?: number
}

const three = [[0, 0], [400, 50], [31, 400]] as const // prettier-ignore
const drive: Drive = { places: three }

/** A folder of drives `video_4.pt`, `video_5.pt` and so on, all to train on. */
function folder(...drives: readonly Drive[]): string {
  const data = mkdtempSync(path.join(scratch, 'drives-'))
  drives.forEach(({ places, frames = 3, size = 2 }, i) => {
    const pixels = Uint8Array.from({ length: frames * size * size * 3 }, (_, i) => i)
    writeTorchFile(path.join(data, `video_${i + 4}.pt`), tensor('uint8', [frames, size, size, 3], pixels))
    const coordinates = Float64Array.from(places.flatMap(([x, y]) => [x, y, 9]))
    writeNpy(path.join(data, `coords_${i + 4}.npy`), { dtype: 'float64', shape: [places.length, 3], data: coordinates }) // prettier-ignore
  })
  const lines = drives.map((_, i) => `${i},somewhere/video/video_${i + 4}.pt\n`)
  writeFileSync(path.join(data, 'video_train.csv'), `,path\n${lines.join('')}`)
  return data
}

const open = (...drives: readonly Drive[]) => openPlacedFrames(folder(...drives), 'train', 1)

test('frames are read one by one, with their cells', () => {
  const frames = openPlacedFrames(folder(drive), 'train', 2)
  expect(frames.count).toBe(2)
  const { pixels, coordinates, cells } = frames.read([1, 0])
  expect([...pixels]).toEqual([
    ...Array.from({ length: 12 }, (_, i) => 24 + i),
    ...Array.from({ length: 12 }, (_, i) => i),
  ])
  expect([...coordinates]).toEqual([31, 400, 0, 0])
  expect([...cells]).toEqual([19, 0])
})

test('frames outside of the town are named', () => {
  const outside = { places: [[0, 0], [1, 401], [2, 2]] } as const // prettier-ignore
  expect(() => open(outside)).toThrow(/coords_4\.npy frame 1: the position \(1, 401\)/)
})

test('fewer or more positions than frames are found before any frame is asked for', () => {
  expect(() => open(drive, { places: three.slice(0, 2) })).toThrow(
    /coords_5\.npy has 2 positions, but .*video_5\.pt has 3 frames/,
  )
  expect(() => open({ places: [...three, [1, 1]] })).toThrow(
    /coords_4\.npy has 4 positions, but .*video_4\.pt has 3 frames/,
  )
})

test('the video named is that of another size than most', () => {
  const large = { ...drive, size: 4 }
  const message = /video_4\.pt has frames of 4x4 pixels, 2 other videos have 2x2$/
  expect(() => open(large, drive, drive)).toThrow(message)
  expect(() => open(drive, large)).toThrow(/video_5\.pt has frames of 4x4 pixels, .*video_4\.pt of 2x2/)
  expect(() => openPlacedFrames(folder(drive), 'train', 1, open(large).size)).toThrow(
    /video_4\.pt has frames of 2x2 pixels, those to train on have 4x4$/,
  )
})

test('damaged videos are found before any frame is asked for', () => {
  const cut = folder(drive, drive)
  truncateSync(path.join(cut, 'video_5.pt'), 300)
  expect(() => openPlacedFrames(cut, 'train', 1)).toThrow(/video_5\.pt/)

  const overwritten = folder(drive, drive)
  const file = path.join(overwritten, 'video_5.pt')
  const bytes = readFileSync(file)
  // What stands in front of the frames.
  const header = bytes.lastIndexOf('PK\x03\x04', bytes.indexOf('/data/0'))
  bytes.fill(0, header, header + 4)
  writeFileSync(file, bytes)
  expect(() => openPlacedFrames(overwritten, 'train', 1)).toThrow(/video_5\.pt/)
})

test('a list of no videos is an error', () => {
  expect(() => open()).toThrow(/video_train\.csv lists no videos/)
})
