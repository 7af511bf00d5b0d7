import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BadVideo } from '../../src/data/file-dataset.js'
import { writeNpy } from '../../src/data/npy.js'
import { datasetDefaults, datasetNames, openDataset } from '../../src/data/registry.js'
import { UserError } from '../../src/errors.js'
import { tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { countingVideo, temporaryFolders, writeVideo } from './temporary.js'

const newFolder = temporaryFolders()
const SIZE = 4

/** A tiny data set in CARLA's files; videos have 5, 6, 7, .. frames. */
function carlaFolder(folder: string, count: number): string {
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < count; i++) writeVideo(path.join(folder, `video_${i}.pt`), 5 + i, SIZE, i)
  writeFileSync(
    path.join(folder, 'video_train.csv'),
    `,path\n0,/elsewhere/no-traffic/video_2.pt\n1,video_0.pt\n`,
  )
  writeFileSync(path.join(folder, 'video_test.csv'), `,path\r\n0,"a, b/video_1.pt"\r\n`)
  return folder
}

const frameBytes = SIZE * SIZE * 3
const frameOf = (video: Uint8Array, frame: number) =>
  video.subarray(frame * frameBytes, (frame + 1) * frameBytes)
const small = { T: 5, imageSize: SIZE }

test('the data sets and what they take', () => {
  expect(Object.fromEntries(datasetNames.map((name) => [name, datasetDefaults(name)]))).toEqual({
    carla_no_traffic: { T: 1000, imageSize: 128, folder: 'datasets/carla/no-traffic' },
    mazes_cwvae: { T: 300, imageSize: 64, folder: 'datasets/gqn_mazes-torch' },
    minerl: { T: 500, imageSize: 64, folder: 'datasets/minerl_navigate-torch' },
    toy_town: { T: 100, imageSize: 32, folder: 'datasets/toy-town' },
    folder: { T: undefined, imageSize: 64, folder: undefined },
  })
})

describe.each(['carla_no_traffic', 'toy_town'])('%s', (name) => {
  test('opens its own folder, in the order of its lists', async () => {
    const root = newFolder()
    carlaFolder(path.join(root, datasetDefaults(name).folder ?? ''), 3)
    const train = await openDataset({ name, split: 'train', root, ...small })
    expect(train).toMatchObject({ name, split: 'train', length: 2, T: 5, imageSize: SIZE })
    expect([train.frameCount(0), train.frameCount(1)]).toEqual([7, 5])
    const video = countingVideo(7, SIZE, 2)
    const frames = await train.readFrames(0, [6, 0, 3])
    expect(Buffer.from(frames)).toEqual(
      Buffer.concat([frameOf(video, 6), frameOf(video, 0), frameOf(video, 3)]),
    )
    const testSplit = await openDataset({ name, split: 'test', root, ...small })
    expect([testSplit.length, testSplit.frameCount(0)]).toEqual([1, 6])
  })
})

describe.each(['mazes_cwvae', 'minerl'])('%s', (name) => {
  test('takes its files by number', async () => {
    const dataDir = newFolder()
    for (const i of Array(11).keys()) writeVideo(path.join(dataDir, 'train', `${i}.npy`), 5 + i, SIZE)
    const train = await openDataset({ name, split: 'train', dataDir, ...small })
    expect([train.length, train.frameCount(2), train.frameCount(10)]).toEqual([11, 7, 15])
    expect(await train.readFrames(10, [14])).toEqual(frameOf(countingVideo(15, SIZE), 14))
    await expect(openDataset({ name, split: 'test', dataDir, ...small })).rejects.toThrow(/no folder test/)
  })
})

test('reading a few frames reads no others: the rest of a file may be damaged', async () => {
  const dataDir = newFolder()
  const file = path.join(dataDir, 'train', '0.npy')
  const video = writeVideo(file, 20, SIZE)
  const train = await openDataset({ name: 'minerl', split: 'train', dataDir, ...small })
  truncateSync(file, 128 + 10 * frameBytes)
  expect(await train.readFrames(0, [9])).toEqual(frameOf(video, 9))
  await expect(train.readFrames(0, [10])).rejects.toThrow(UserError)
  await expect(train.readFrames(0, [20])).rejects.toThrow(RangeError)
  await expect(train.readFrames(1, [0])).rejects.toThrow(RangeError)
})

describe('numbered videos', () => {
  const folderOf = (...names: readonly string[]) => {
    const dataDir = newFolder()
    for (const [i, name] of names.entries())
      writeVideo(path.join(dataDir, 'test', `${name}.npy`), 5 + i, SIZE, i)
    return dataDir
  }
  const open = (dataDir: string, options = {}) =>
    openDataset({ name: 'mazes_cwvae', split: 'test', dataDir, ...small, ...options })

  test('that have gaps are no data set, unless what is missing is to be left out', async () => {
    const dataDir = folderOf('0', '2', '6')
    const opened = open(dataDir)
    const folder = path.join(dataDir, 'test')
    await expect(opened).rejects.toThrow(
      `${folder} has no 1.npy, 3.npy to 5.npy, but 6.npy: its videos are numbered from 0 without gaps`,
    )
    await expect(opened).rejects.toMatchObject({ name: 'BadVideoError' })
    await expect(open(folderOf('1', '2'))).rejects.toThrow('has no 0.npy, but 2.npy')
    const bad: string[] = []
    const { length } = await open(dataDir, { onBad: ({ video }: BadVideo) => bad.push(video) })
    expect([length, bad]).toEqual([3, [path.join(folder, '1.npy'), path.join(folder, '3.npy to 5.npy')]])
  })

  test('and freely named ones are taken by name', async () => {
    const { videos } = await open(folderOf('0', '2', 'maze'))
    expect(videos?.map(({ name }) => name)).toEqual(['0.npy', '2.npy', 'maze.npy'])
    expect(await open(folderOf('001', '003'))).toMatchObject({ length: 2 })
  })
})

describe('what is wrong is said', () => {
  const open = (dataDir: string, options = {}) =>
    openDataset({ name: 'toy_town', split: 'train', dataDir, ...small, ...options })

  test.each([
    ['toy_town', /datasets\/toy-town: render it with "npx fdm toy-town"/],
    ['carla_no_traffic', /carla\/no-traffic: unpack https:/],
    ['mazes_cwvae', /gqn_mazes-torch: put the videos of https:/],
    ['minerl', /minerl_navigate-torch: put/],
    ['folder', /needs a folder.*--data_dir/],
    ['cats', /no data set cats: choose one of carla_no_traffic, /],
    ['toString', /no data set toString/],
  ])('%s missing', async (name, message) => {
    const opened = openDataset({ name, split: 'train', root: newFolder(), ...small })
    await expect(opened).rejects.toThrow(UserError)
    await expect(opened).rejects.toThrow(message)
  })

  test('a video shorter than T, by name and length', async () => {
    await expect(open(carlaFolder(newFolder(), 3), { T: 6 })).rejects.toThrow(
      /video_0\.pt has 5 frames, fewer than T = 6/,
    )
  })

  test('frames of another size', async () => {
    await expect(open(carlaFolder(newFolder(), 3), { imageSize: 8 })).rejects.toThrow(
      /video_2\.pt are 4x4 pixels, expected 8x8/,
    )
  })

  test('a list with a file that is not there, with another line, with nothing, and no list', async () => {
    await expect(open(carlaFolder(newFolder(), 2))).rejects.toThrow(
      /line 2 lists video_2\.pt, which is not in/,
    )
    const folder = carlaFolder(newFolder(), 3)
    writeFileSync(path.join(folder, 'video_train.csv'), ',path\n0,video_0.mp4\n')
    await expect(open(folder)).rejects.toThrow(/line 2: expected .* not "0,video_0.mp4"/)
    writeFileSync(path.join(folder, 'video_train.csv'), ',path\n')
    await expect(open(folder)).rejects.toThrow(/no train videos/)
    await expect(open(newFolder())).rejects.toThrow(/no video_train\.csv/)
    writeFileSync(
      path.join(folder, 'video_train.csv'),
      ',path\n0,a/video_1.pt\n1,video_0.pt\n2,b/video_1.pt\n',
    )
    await expect(open(folder)).rejects.toThrow(/line 4 lists video_1\.pt again, after line 2: remove one/)
  })

  test('a list without a header loses no video', async () => {
    const folder = carlaFolder(newFolder(), 3)
    writeFileSync(path.join(folder, 'video_train.csv'), '0,a/video_1.pt\n1,video_0.pt')
    const train = await open(folder)
    expect([train.frameCount(0), train.frameCount(1)]).toEqual([6, 5])
  })

  test('files that hold no video', async () => {
    const folder = carlaFolder(newFolder(), 3)
    writeTorchFile(path.join(folder, 'video_2.pt'), { a: 1 })
    await expect(open(folder)).rejects.toThrow(/video_2\.pt is not a video: it holds no single tensor/)
    writeTorchFile(path.join(folder, 'video_2.pt'), tensor('float32', [5, 4, 4, 3], new Float32Array(240)))
    await expect(open(folder)).rejects.toThrow(/expected a uint8 array \(T, H, W, 3\), it is float32/)
    writeFileSync(path.join(folder, 'video_2.pt'), 'hello')
    await expect(open(folder)).rejects.toThrow(UserError)
  })

  test('a length that must be given, and one that is none', async () => {
    const opened = openDataset({ name: 'folder', split: 'train', dataDir: newFolder() })
    await expect(opened).rejects.toThrow(/--T/)
    await expect(open(carlaFolder(newFolder(), 3), { T: 0 })).rejects.toThrow(/--T/)
  })
})

describe('DATA_ROOT', () => {
  const copyOf = (disk: string) => path.join(disk, 'datasets/gqn_mazes-torch/train/0.npy')
  const open = (root: string, dataRoot: string) =>
    openDataset({ name: 'mazes_cwvae', split: 'train', root, dataRoot, ...small })
  const source = (root: string) => path.join(root, 'datasets/gqn_mazes-torch/train/0.npy')

  test('files are copied on first use and read from there', async () => {
    const [root, disk] = [newFolder(), newFolder()]
    const video = writeVideo(source(root), 5, SIZE)
    utimesSync(source(root), 1000, 1000)
    const train = await open(root, disk)
    expect(existsSync(copyOf(disk))).toBe(false)
    const both = await Promise.all([train.readFrames(0, [1]), train.readFrames(0, [2])])
    expect(both).toEqual([frameOf(video, 1), frameOf(video, 2)])
    expect(readFileSync(copyOf(disk))).toEqual(readFileSync(source(root)))
    expect(readdirSync(path.dirname(copyOf(disk)))).toEqual(['0.npy'])
    expect(statSync(copyOf(disk)).mtimeMs).toBe(1000_000)

    // The copy, not the source, is what is read.
    truncateSync(source(root), 130)
    expect(await train.readFrames(0, [4])).toEqual(frameOf(video, 4))
  })

  test('a copy of an older file is replaced, a current one is kept', async () => {
    const [root, disk] = [newFolder(), newFolder()]
    writeVideo(source(root), 5, SIZE)
    await (await open(root, disk)).readFrames(0, [0])
    const marked = readFileSync(copyOf(disk)).fill(9, 128)
    writeFileSync(copyOf(disk), marked)
    utimesSync(copyOf(disk), 1000, 1000)
    utimesSync(source(root), 1000, 1000)
    expect(await (await open(root, disk)).readFrames(0, [0])).toEqual(new Uint8Array(frameBytes).fill(9))
    const video = writeVideo(source(root), 5, SIZE, 77)
    expect(await (await open(root, disk)).readFrames(0, [0])).toEqual(frameOf(video, 0))
  })

  test('data that lies only there is found', async () => {
    const disk = newFolder()
    writeNpy(copyOf(disk), { dtype: 'uint8', shape: [5, SIZE, SIZE, 3], data: countingVideo(5, SIZE) })
    expect((await open(newFolder(), disk)).length).toBe(1)
  })
})
