import { execFileSync } from 'node:child_process'
import ffmpeg from 'fluent-ffmpeg'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { frameCacheFolder, cachedFrames } from '../../src/data/frame-cache.js'
import { readNpy } from '../../src/data/npy.js'
import { openDataset } from '../../src/data/registry.js'
import { resizeFrame } from '../../src/data/resize-frame.js'
import { UserError } from '../../src/errors.js'
import { findFfmpeg } from '../../src/setup/ffmpeg.js'
import { temporaryFolders, writeVideo } from './temporary.js'

const newFolder = temporaryFolders()
const open = (dataDir: string, split: 'train' | 'test', options = {}) =>
  openDataset({ name: 'folder', split, dataDir, T: 3, imageSize: 8, ...options })

describe('raw videos', () => {
  test('of the right size are used where they are', async () => {
    const dataDir = newFolder()
    const video = writeVideo(path.join(dataDir, 'a.npy'), 4, 8)
    const train = await open(dataDir, 'train')
    expect(await train.readFrames(0, [0, 1, 2, 3])).toEqual(video)
    expect(readdirSync(path.join(dataDir, '.fdm-cache', '8'))).toEqual([])
  })

  test('of another size are resized once', async () => {
    const dataDir = newFolder()
    writeVideo(path.join(dataDir, 'a.npy'), 4, 16)
    writeVideo(path.join(dataDir, 'b.pt'), 3, 16, 5)
    const seen: unknown[] = []
    const onProgress = (...report: unknown[]) => seen.push(report)
    const train = await open(dataDir, 'train', { onProgress })
    expect(seen).toEqual([
      [0, 1, 'a.npy'],
      [1, 1, ''],
    ])
    expect((await train.readFrames(0, [3])).length).toBe(8 * 8 * 3)
    const cache = path.join(dataDir, '.fdm-cache', '8')
    const [cached = ''] = readdirSync(cache)
    expect(readNpy(path.join(cache, cached)).shape).toEqual([4, 8, 8, 3])

    const made = statSync(path.join(cache, cached)).mtimeMs
    await open(dataDir, 'train')
    expect(statSync(path.join(cache, cached)).mtimeMs).toBe(made)
    // A video that was changed is decoded anew.
    utimesSync(path.join(dataDir, 'a.npy'), 1000, 1000)
    await open(dataDir, 'train')
    expect(readdirSync(cache)).toHaveLength(2)
  })

  test('the last tenth, at least one, is for testing', async () => {
    const dataDir = newFolder()
    for (const i of [1, 2, 10]) writeVideo(path.join(dataDir, `v${i}.npy`), 3 + i, 8)
    const lengths = async (split: 'train' | 'test') => {
      const dataset = await open(dataDir, split)
      return Array.from({ length: dataset.length }, (_, i) => dataset.frameCount(i))
    }
    expect([await lengths('train'), await lengths('test')]).toEqual([[4, 5], [13]])
    for (let i = 11; i < 31; i++) writeVideo(path.join(dataDir, `v${i}.npy`), 3, 8)
    expect([(await lengths('train')).length, (await lengths('test')).length]).toEqual([21, 2])
  })

  test('one with too few frames is named, not its copy', async () => {
    const dataDir = newFolder()
    writeVideo(path.join(dataDir, 'a.npy'), 2, 16)
    const message = `a.npy has 2 frames, fewer than T = 3 (data set folder, ${path.join(dataDir, 'a.npy')})`
    await expect(open(dataDir, 'train')).rejects.toThrow(message)
  })

  test('a single video serves as both', async () => {
    const dataDir = newFolder()
    writeVideo(path.join(dataDir, 'only.npy'), 3, 8)
    const notes: string[] = []
    const onNote = (note: string) => notes.push(note)
    for (const split of ['train', 'test'] as const)
      expect((await open(dataDir, split, { onNote })).length).toBe(1)
    const note = `${path.join(dataDir, 'only.npy')} is the only video: it is both trained on and tested on`
    expect(notes).toEqual([expect.stringContaining(note), expect.stringContaining(note)])
    writeVideo(path.join(dataDir, 'other.npy'), 3, 8)
    await open(dataDir, 'train', { onNote })
    expect(notes).toHaveLength(2)
  })

  test('a short one, an empty folder and a file for a folder are errors', async () => {
    const dataDir = newFolder()
    await expect(open(dataDir, 'train')).rejects.toThrow(/no videos in/)
    const file = path.join(dataDir, 'short.npy')
    writeVideo(file, 2, 8)
    await expect(open(dataDir, 'train')).rejects.toThrow(/short\.npy has 2 frames, fewer than T = 3/)
    await expect(open(file, 'train')).rejects.toThrow(/is a file/)
  })

  test.skipIf(process.platform === 'win32')('a link to nowhere and a named pipe are named', async () => {
    const dataDir = newFolder()
    symlinkSync('nowhere', path.join(dataDir, 'a.mp4'))
    await expect(open(dataDir, 'train')).rejects.toThrow(/could not read \S+a\.mp4: it does not exist/)
    rmSync(path.join(dataDir, 'a.mp4'))
    execFileSync('mkfifo', [path.join(dataDir, 'a.mp4')])
    await expect(open(dataDir, 'train')).rejects.toThrow(/a\.mp4 is no plain file/)
  })

  test('a folder that cannot be written to has its cache elsewhere', () => {
    const [dataDir, fallback] = [newFolder(), newFolder()]
    writeFileSync(path.join(dataDir, '.fdm-cache'), 'in the way')
    expect(frameCacheFolder(dataDir, 8, fallback).startsWith(fallback)).toBe(true)
    rmSync(path.join(dataDir, '.fdm-cache'))
    expect(frameCacheFolder(dataDir, 8, fallback)).toBe(path.join(dataDir, '.fdm-cache', '8'))
  })

  test('without ffmpeg, a coded video says what to do', async () => {
    const folder = newFolder()
    writeFileSync(path.join(folder, 'a.mp4'), '')
    const cache = { folder, imageSize: 8, ffmpeg: () => undefined }
    await expect(cachedFrames(path.join(folder, 'a.mp4'), cache)).rejects.toThrow(
      /npx fdm setup.*FFMPEG_PATH/,
    )
  })
})

test('resizing averages the area that a pixel covers, and cuts out the middle', () => {
  // 2 x 6 pixels, the middle 2 x 2 of which become one.
  const grey = [0, 0, 10, 20, 0, 0, 0, 0, 30, 41, 0, 0].flatMap((level) => [level, 0, 255])
  expect([...resizeFrame(Uint8Array.from(grey), 2, 6, 1)].slice(0, 2)).toEqual([25, 0])
  const flat = new Uint8Array(7 * 5 * 3).fill(93)
  expect(resizeFrame(flat, 7, 5, 3)).toEqual(new Uint8Array(27).fill(93))
  expect(resizeFrame(flat, 7, 5, 9)).toEqual(new Uint8Array(243).fill(93))
})

const program = findFfmpeg()
describe.skipIf(!program)('coded videos (skipped where there is no ffmpeg)', () => {
  /** 12 frames, 160 x 80 pixels: left third red, middle green, right blue. */
  async function encode(file: string, ...options: string[]): Promise<void> {
    const raw = Uint8Array.from({ length: 12 * 80 * 160 * 3 }, (_, i) => {
      const third = Math.floor((Math.floor(i / 3) % 160) / 53.4)
      return i % 3 === third ? 200 : 20
    })
    writeFileSync(`${file}.raw`, raw)
    await new Promise((resolve, reject) => {
      ffmpeg(`file:${file}.raw`)
        .setFfmpegPath(program ?? '')
        .inputOptions('-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '160x80', '-r', '7')
        .outputOptions(options)
        .on('end', resolve)
        .on('error', reject)
        .save(`file:${file}`)
    })
    rmSync(`${file}.raw`)
  }

  test.each([
    ['a.mp4', ['-c:v', 'mpeg4', '-q:v', '1', '-bf', '0']],
    ['a.gif', []],
    ['-y a:b.avi', ['-c:v', 'mjpeg', '-q:v', '1']],
  ])('%s gives every frame once, its middle, in the right colours', async (name, options) => {
    const dataDir = newFolder()
    await encode(path.join(dataDir, name), ...options)
    const train = await open(dataDir, 'train')
    expect(train.frameCount(0)).toBe(12)
    const frame = await train.readFrames(0, [11])
    const pixel = (x: number) => [...frame.subarray((4 * 8 + x) * 3, (4 * 8 + x) * 3 + 3)]
    // Of 160 columns the middle 80 are kept: 13.4 red, 53.4 green, 13.2 blue, in steps of 10.
    const close = (level: number) => expect.closeTo(level, -1.6) as number
    expect([pixel(0), pixel(4), pixel(7)]).toEqual([
      [close(200), close(20), close(20)],
      [close(20), close(200), close(20)],
      [close(20), close(20), close(200)],
    ])
  })

  test('one that cannot be decoded is named, with the reason, and leaves nothing behind', async () => {
    const dataDir = newFolder()
    writeFileSync(path.join(dataDir, 'bad.mp4'), 'not a video at all')
    const opened = open(dataDir, 'train')
    await expect(opened).rejects.toThrow(UserError)
    await expect(opened).rejects.toThrow(/bad\.mp4 cannot be decoded: .*Invalid data/)
    expect(readdirSync(path.join(dataDir, '.fdm-cache', '8'))).toEqual([])
  })

  test.each([
    ['a.mp4', ['-c:v', 'mjpeg', '-q:v', '1'], 0.3, 0.2],
    ['a.mkv', ['-c:v', 'mjpeg', '-q:v', '1'], 0.6, 0],
    ['a.gif', [], 0.6, 0],
  ])('%s that is damaged further on is named as well', async (name, options, share, zeros) => {
    const dataDir = newFolder()
    const file = path.join(dataDir, name)
    await encode(file, ...options)
    const whole = readFileSync(file)
    const middle = Math.floor(whole.length * share)
    // Zeros from there on, or cut off there.
    const zeroed = () => whole.fill(0, middle, middle + Math.floor(whole.length * zeros))
    writeFileSync(file, zeros ? zeroed() : whole.subarray(0, middle))
    await expect(open(dataDir, 'train')).rejects.toThrow(
      new RegExp(`${name} cannot be decoded: .*: replace or remove it$`),
    )
    expect(readdirSync(path.join(dataDir, '.fdm-cache', '8'))).toEqual([])
  })

  test('one that has lost a frame is named, although all others can be decoded', async () => {
    const dataDir = newFolder()
    const file = path.join(dataDir, 'a.mkv')
    await encode(file, '-c:v', 'mjpeg', '-q:v', '1')
    const whole = readFileSync(file)
    // The last JPEG; before it stand the number of its track, its time and its flags.
    const frame = whole.lastIndexOf(Buffer.from('ffd8', 'hex'))
    expect(whole[frame - 4]).toBe(0x81)
    whole[frame - 4] = 0x85
    writeFileSync(file, whole)
    await expect(open(dataDir, 'train')).rejects.toThrow(/a\.mkv cannot be decoded: Invalid track number 5/)
  })

  test.each([
    ['in the middle', 'head -c 300 /dev/zero'],
    ['after the last frame', 'head -c 192 /dev/zero; exec >&-'],
  ])('one stopped %s is not blamed, and leaves neither file nor process', async (_, act) => {
    const folder = newFolder()
    const [video, wrapper, pidFile] = ['a.gif', 'ffmpeg', 'pid'].map((name) => path.join(folder, name))
    await encode(video ?? '')
    const script = `case "$*" in *a.gif*) echo $$ > ${pidFile}; ${act}; exec sleep 60;; esac`
    writeFileSync(wrapper ?? '', `#!/bin/sh\n${script}\nexec '${program}' "$@"\n`, { mode: 0o755 })
    const cache = { folder: path.join(folder, 'cache'), imageSize: 8, ffmpeg: () => wrapper }
    const stop = new AbortController()
    const decoded = cachedFrames(video ?? '', cache, stop.signal)
    const isAlive = () => isRunning(Number(readFileSync(pidFile ?? '', 'utf8')))
    await vi.waitUntil(() => existsSync(pidFile ?? '') && isAlive(), 5000)
    const reason = new Error('told to stop')
    stop.abort(reason)
    await expect(decoded).rejects.toBe(reason)
    expect(readdirSync(cache.folder)).toEqual([])
    await vi.waitUntil(() => !isAlive(), 5000)
  })
})

test('resizing raw videos can be stopped', async () => {
  const folder = newFolder()
  writeVideo(path.join(folder, 'a.npy'), 50, 64)
  const cache = { folder: path.join(folder, 'cache'), imageSize: 8, ffmpeg: () => undefined }
  const stop = new AbortController()
  setImmediate(() => stop.abort())
  await expect(cachedFrames(path.join(folder, 'a.npy'), cache, stop.signal)).rejects.toThrow(/aborted/)
  expect(readdirSync(cache.folder)).toEqual([])
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
