import ffmpeg from 'fluent-ffmpeg'
import { mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import type { BadVideo } from '../../src/data/file-dataset.js'
import { writeNpy } from '../../src/data/npy.js'
import { openDataset } from '../../src/data/registry.js'
import { resizeFrame } from '../../src/data/resize-frame.js'
import { findFfmpeg } from '../../src/setup/ffmpeg.js'
import { countingVideo, temporaryFolders, writeVideo } from './temporary.js'

const newFolder = temporaryFolders()
const open = (dataDir: string, split: 'train' | 'test', options = {}) =>
  openDataset({ name: 'folder', split, dataDir, T: 3, imageSize: 8, ...options })
const names = async (dataDir: string, split: 'train' | 'test', options = {}) =>
  (await open(dataDir, split, options)).videos?.map(({ name }) => name)

function folderOf(count: number): string {
  const dataDir = newFolder()
  for (let i = 0; i < count; i++) writeVideo(path.join(dataDir, `v${i}.npy`), 4, 8, i)
  return dataDir
}

test.skipIf(process.platform === 'win32')('names may hold any character, line breaks too', async () => {
  const dataDir = newFolder()
  const odd = ['a\n1.npy', 'b\u20282.npy']
  for (const name of odd) writeVideo(path.join(dataDir, name), 4, 16)
  const pictures = path.join(dataDir, 'c')
  mkdirSync(pictures)
  for (const name of ['x\n0.png', 'x\u20281.png', 'x2.png'])
    writeFileSync(path.join(pictures, name), PNG.sync.write(new PNG({ width: 8, height: 8 })))
  expect(await names(dataDir, 'train', { testShare: 0 })).toEqual(odd)
  expect((await open(dataDir, 'test', { testShare: 0 })).frameCount(0)).toBe(3)
})

describe('a split', () => {
  test('by a share takes the last ones, at least one', async () => {
    const dataDir = folderOf(10)
    expect(await names(dataDir, 'test', { testShare: 0.3 })).toEqual(['v7.npy', 'v8.npy', 'v9.npy'])
    expect(await names(dataDir, 'train', { testShare: 0.3 })).toHaveLength(7)
    expect(await names(dataDir, 'test', { testShare: 0 })).toEqual(['v9.npy'])
    // 50 times 0.58 is a little less than 29, as computers have it.
    expect(await names(folderOf(50), 'test', { testShare: 0.58 })).toHaveLength(29)
    await expect(open(dataDir, 'train', { testShare: 1 })).rejects.toThrow(/leaves none of 10 videos/)
  })

  test('by a list takes those that it names', async () => {
    const dataDir = folderOf(4)
    const testList = path.join(newFolder(), 'test.txt')
    writeFileSync(testList, 'v2.npy\r\n\nv0.npy\n')
    expect(await names(dataDir, 'test', { testList })).toEqual(['v0.npy', 'v2.npy'])
    expect(await names(dataDir, 'train', { testList })).toEqual(['v1.npy', 'v3.npy'])
    // A list beside the videos needs no path.
    writeFileSync(path.join(dataDir, 'held-out.txt'), 'v3.npy')
    expect(await names(dataDir, 'test', { testList: 'held-out.txt' })).toEqual(['v3.npy'])
    writeFileSync(testList, 'v2.npy\nv7.npy\n')
    await expect(open(dataDir, 'test', { testList })).rejects.toThrow(
      /test\.txt line 2 names v7\.npy, which is no video/,
    )
    await expect(open(dataDir, 'test', { testList: 'none.txt' })).rejects.toThrow(
      /could not read --test_list none\.txt/,
    )
  })
})

test('options of a folder are an error with videos that are a data set already', async () => {
  const dataDir = folderOf(3)
  const options = { name: 'toy_town', split: 'train', dataDir, T: 3, imageSize: 8 } as const
  const given = { resize: 'fit', frameRate: 5, testShare: 0.2, testList: 'test.txt' } as const
  for (const [option, value] of Object.entries(given))
    await expect(openDataset({ ...options, [option]: value })).rejects.toThrow(/^--\w+: for --dataset folder/)
  await expect(openDataset({ ...options, ...given })).rejects.toThrow(
    /^--resize, --frame_rate, --test_share, --test_list: for --dataset folder only; toy_town has/,
  )
})

test('a stride takes every n-th frame, of files that stay as they are', async () => {
  const dataDir = newFolder()
  writeVideo(path.join(dataDir, 'a.npy'), 8, 8)
  const train = await open(dataDir, 'train', { frameStride: 3 })
  expect(train.frameCount(0)).toBe(3)
  const whole = countingVideo(8, 8)
  expect(await train.readFrames(0, [2, 1])).toEqual(
    Uint8Array.from([...whole.subarray(6 * 192, 7 * 192), ...whole.subarray(3 * 192, 4 * 192)]),
  )
  await expect(train.readFrames(0, [3])).rejects.toThrow(RangeError)
  await expect(open(dataDir, 'train', { frameStride: 4 })).rejects.toThrow(
    /8 frames, fewer than T = 3 times 4/,
  )
  await expect(open(dataDir, 'train', { frameStride: 0 })).rejects.toThrow(/--frame_stride/)
})

test('frames without times have no rate', async () => {
  await expect(open(folderOf(1), 'train', { frameRate: 5 })).rejects.toThrow(
    /--frame_stride, not --frame_rate/,
  )
})

describe('resizing to fit', () => {
  test('keeps the whole frame between black bars', () => {
    // 2 x 4 pixels of one colour become 1 x 2, in the middle of 2 x 2.
    const flat = new Uint8Array(2 * 4 * 3).fill(80)
    const levels = [...resizeFrame(flat, 2, 4, 2, 'fit')].filter((_, i) => i % 3 === 0)
    expect(levels).toEqual([40, 40, 40, 40])
    const tall = [...resizeFrame(new Uint8Array(8 * 2 * 3).fill(80), 8, 2, 4, 'fit')].filter(
      (_, i) => i % 3 === 0,
    )
    expect(tall).toEqual([0, 80, 0, 0].flatMap(() => [0, 40, 40, 0]))
  })

  test('has a cache of its own', async () => {
    const dataDir = newFolder()
    const wide = new Uint8Array(3 * 16 * 32 * 3).fill(60)
    writeNpy(path.join(dataDir, 'a.npy'), { dtype: 'uint8', shape: [3, 16, 32, 3], data: wide })
    const row = async (resize: string) => {
      const frame = await (await open(dataDir, 'train', { resize })).readFrames(0, [0])
      return Array.from({ length: 8 }, (_, y) => frame[(y * 8 + 4) * 3])
    }
    expect(await row('crop')).toEqual(new Array(8).fill(60))
    expect(await row('fit')).toEqual([0, 0, 60, 60, 60, 60, 0, 0])
    expect(readdirSync(path.join(dataDir, '.fdm-cache', '8'))).toHaveLength(2)
  })
})

describe('bad videos', () => {
  test('are named, all of them, and left out only if asked for', async () => {
    const dataDir = folderOf(6)
    truncateSync(path.join(dataDir, 'v1.npy'), 300)
    writeFileSync(path.join(dataDir, 'v3.npy'), 'nothing')
    writeVideo(path.join(dataDir, 'v4.npy'), 2, 8)
    const bad: BadVideo[] = []
    const train = await open(dataDir, 'train', { onBad: (video: BadVideo) => bad.push(video) })
    expect(train.videos?.map(({ name }) => name)).toEqual(['v0.npy', 'v2.npy'])
    expect(await train.readFrames(1, [0])).toEqual(countingVideo(4, 8, 2).subarray(0, 192))
    expect(bad.map(({ video }) => path.basename(video))).toEqual(['v1.npy', 'v3.npy', 'v4.npy'])
    expect(bad[0]?.reason).toMatch(/v1\.npy is truncated/)
    await expect(open(dataDir, 'train')).rejects.toThrow(/v1\.npy is truncated/)
  })

  test('are counted where there are several', async () => {
    const dataDir = newFolder()
    for (let i = 0; i < 4; i++) writeVideo(path.join(dataDir, `video_${i}.pt`), i < 2 ? 2 : 4, 8)
    writeFileSync(
      path.join(dataDir, 'video_train.csv'),
      ',path\n0,video_0.pt\n1,video_1.pt\n2,video_2.pt\n3,video_9.pt\n',
    )
    const carla = { name: 'toy_town', split: 'train', dataDir, T: 3, imageSize: 8 } as const
    await expect(openDataset(carla)).rejects.toThrow(/line 5 lists video_9\.pt, which is not in/)
    const bad: BadVideo[] = []
    const train = await openDataset({ ...carla, onBad: (video) => bad.push(video) })
    expect([train.length, bad.length]).toEqual([1, 3])
    writeFileSync(path.join(dataDir, 'video_train.csv'), ',path\n0,video_0.pt\n1,video_1.pt\n2,video_2.pt\n')
    await expect(openDataset(carla)).rejects.toThrow(
      /^2 of 3 videos cannot be used \(video_0\.pt has 2 frames.*; video_1\.pt has 2 .*mend or remove them$/,
    )
  })

  test('are an error where nothing else is left', async () => {
    const dataDir = folderOf(1)
    await expect(open(folderOf(3), 'train', { T: 1000 })).rejects.toThrow(
      /^none of the 2 videos can be used; of the first, v0\.npy has 4 frames, fewer than T = 1000/,
    )
    truncateSync(path.join(dataDir, 'v0.npy'), 300)
    await expect(open(dataDir, 'train', { onBad: () => undefined })).rejects.toThrow(
      /no train videos that can be used/,
    )
  })
})

const program = findFfmpeg()
describe.skipIf(!program)('folders of pictures, and rates (skipped where there is no ffmpeg)', () => {
  /** `count` pictures of 16 x 8 pixels, each of one grey. */
  function writePictures(folder: string, count: number, name = (i: number) => `frame${i}.png`): void {
    mkdirSync(folder, { recursive: true })
    for (let i = 0; i < count; i++) {
      const png = new PNG({ width: 16, height: 8 })
      for (let p = 0; p < png.data.length; p++) png.data[p] = p % 4 === 3 ? 255 : 10 * i + 5
      writeFileSync(path.join(folder, name(i)), PNG.sync.write(png))
    }
  }

  function encode(
    input: string,
    inputOptions: readonly string[],
    output: string,
    ...options: string[]
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      ffmpeg(input)
        .setFfmpegPath(program ?? '')
        .inputOptions([...inputOptions])
        .outputOptions(options)
        .on('end', () => resolve())
        .on('error', reject)
        .save(output)
    })
  }

  test('each folder is a video, its pictures by number', async () => {
    const dataDir = newFolder()
    for (const name of ['a', 'b']) writePictures(path.join(dataDir, name), 12)
    writeVideo(path.join(dataDir, 'c.npy'), 4, 8)
    mkdirSync(path.join(dataDir, 'empty'))
    const train = await open(dataDir, 'train')
    expect(train.videos).toEqual([
      { name: 'a', bytes: 0, frames: 12 },
      { name: 'b', bytes: 0, frames: 12 },
    ])
    const frames = await train.readFrames(1, [2, 10, 11])
    expect([0, 1, 2].map((i) => frames[i * 192 + 100])).toEqual([25, 105, 115])
    const cache = path.join(dataDir, '.fdm-cache', '8')
    expect(readdirSync(cache)).toHaveLength(2)
    await open(dataDir, 'train')
    expect(readdirSync(cache)).toHaveLength(2)
    // A picture that was changed is noticed.
    utimesSync(path.join(dataDir, 'a', 'frame3.png'), 1000, 1000)
    await open(dataDir, 'train')
    expect(readdirSync(cache)).toHaveLength(3)
  })

  test('JPEG pictures too', async () => {
    const dataDir = newFolder()
    writePictures(path.join(dataDir, 'png'), 4)
    mkdirSync(path.join(dataDir, 'jpeg'))
    const [png, jpeg] = ['png/frame%d.png', 'jpeg/%03d.jpg'].map((name) => path.join(dataDir, name))
    await encode(png ?? '', ['-start_number', '0'], jpeg ?? '', '-q:v', '1')
    const train = await open(dataDir, 'train')
    expect(train.videos?.[0]).toEqual({ name: 'jpeg', bytes: 0, frames: 4 })
    const frames = await train.readFrames(0, [0, 3])
    expect([frames[100], frames[292]]).toEqual([expect.closeTo(5, -0.7), expect.closeTo(35, -0.7)])
  })

  test.each([
    ['cut off', (file: string) => truncateSync(file, 60)],
    ['no picture at all', (file: string) => writeFileSync(file, 'hello')],
    ['empty', (file: string) => writeFileSync(file, '')],
    ['damaged inside', (file: string) => writeFileSync(file, readFileSync(file).fill(7, 45, 60))],
  ])('one that is %s is named', async (_, damage) => {
    const dataDir = newFolder()
    writePictures(path.join(dataDir, 'a'), 6)
    damage(path.join(dataDir, 'a', 'frame4.png'))
    await expect(open(dataDir, 'train')).rejects.toThrow(/a\/frame4\.png cannot be decoded/)
    const bad: BadVideo[] = []
    writePictures(path.join(dataDir, 'b'), 6)
    writePictures(path.join(dataDir, 'c'), 6)
    const train = await open(dataDir, 'train', { onBad: (video: BadVideo) => bad.push(video) })
    expect([train.length, bad.map(({ video }) => path.basename(video))]).toEqual([1, ['a']])
  })

  test('a rate takes frames by their times, a stride counts them', async () => {
    const dataDir = newFolder()
    const pictures = newFolder()
    writePictures(pictures, 24)
    const film = path.join(dataDir, 'a.mkv')
    await encode(
      path.join(pictures, 'frame%d.png'),
      ['-framerate', '12', '-start_number', '0'],
      film,
      '-c:v',
      'png',
    )
    const levels = async (options: object) => {
      const train = await open(dataDir, 'train', options)
      const all = await train.readFrames(
        0,
        Array.from({ length: train.frameCount(0) }, (_, i) => i),
      )
      return Array.from({ length: train.frameCount(0) }, (_, i) => ((all[i * 192 + 100] ?? NaN) - 5) / 10)
    }
    expect(await levels({ frameRate: 0 })).toEqual(Array.from({ length: 24 }, (_, i) => i))
    expect(await levels({ frameRate: 3 })).toEqual([0, 4, 8, 12, 16, 20])
    expect((await levels({ frameRate: 5 })).map(Math.floor)).toEqual([0, 2, 4, 7, 9, 12, 14, 16, 19, 21])
    expect((await levels({ frameRate: 24 })).slice(0, 6)).toEqual([0, 0, 1, 1, 2, 2])
    expect(await levels({ frameRate: 0, frameStride: 7 })).toEqual([0, 7, 14, 21])
    expect((await levels({ frameRate: 3, frameStride: 2 })).length).toBe(3)
  })
})
