import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readNpy } from '../../../src/data/npy.js'
import { openDataset } from '../../../src/data/registry.js'
import { simulateDrive, TOP_SPEED, type Pose } from '../../../src/data/toy-town/drive.js'
import { renderToyTown } from '../../../src/data/toy-town/render-toy-town.js'
import { createRenderer } from '../../../src/data/toy-town/renderer.js'
import { box } from '../../../src/data/toy-town/shapes.js'
import { lightFor, SIGNAL_CYCLE } from '../../../src/data/toy-town/signals.js'
import { buildTown } from '../../../src/data/toy-town/town.js'
import { UserError } from '../../../src/errors.js'
import { temporaryFolders } from '../temporary.js'

const newFolder = temporaryFolders()
const SIZE = 32
const render = createRenderer(SIZE)

const drives = Array.from({ length: 80 }, (_, number) => simulateDrive(0, number, 100))
const pairs = (drive: readonly Pose[]) => drive.slice(1).map((pose, i) => [drive[i] ?? pose, pose] as const)
const turned = (a: Pose, b: Pose) =>
  Math.atan2(Math.sin(b.heading - a.heading), Math.cos(b.heading - a.heading))
const speeds = (drive: readonly Pose[]) => pairs(drive).map(([a, b]) => 10 * Math.hypot(b.x - a.x, b.y - a.y))
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Mean absolute difference of two pictures in levels. */
const difference = (a: Uint8Array, b: Uint8Array) =>
  sum([...a].map((level, i) => Math.abs(level - (b[i] ?? 0)))) / a.length

describe('drives', () => {
  test('are the same for the same seed and number, and others for others', () => {
    expect(simulateDrive(0, 3, 20)).toEqual(simulateDrive(0, 3, 20))
    expect(simulateDrive(0, 3, 20)).not.toEqual(simulateDrive(1, 3, 20))
    expect(simulateDrive(0, 3, 20)).not.toEqual(simulateDrive(0, 4, 20))
    // A longer drive begins as the shorter one.
    expect(simulateDrive(0, 3, 40).slice(0, 20)).toEqual(simulateDrive(0, 3, 20))
  })

  test('never exceed the top speed, and change speed and direction gently', () => {
    for (const drive of drives) {
      const speed = speeds(drive)
      expect(Math.max(...speed)).toBeLessThanOrEqual(TOP_SPEED)
      for (const [a, b] of pairs(drive)) expect(Math.abs(turned(a, b))).toBeLessThan(0.08)
      speed.slice(1).forEach((now, i) => expect(Math.abs(now - (speed[i] ?? 0))).toBeLessThan(0.3))
    }
  })

  test('stop at lights, turn at junctions, and mostly move', () => {
    const stops = drives.filter((drive) => speeds(drive).filter((speed) => speed < 0.02).length > 10)
    const turns = drives.filter((drive) => Math.abs(sum(pairs(drive).map(([a, b]) => turned(a, b)))) > 1.2)
    expect(stops.length).toBeGreaterThan(8)
    expect(turns.length).toBeGreaterThan(16)
    expect(sum(drives.flatMap(speeds)) / 80 / 99).toBeGreaterThan(1.8)
  })

  test('stay inside the town, which is inside the range of coordinates, and visit the same places', () => {
    const cells = new Map<string, Set<number>>()
    drives.forEach((drive, number) => {
      for (const { x, y, heading } of drive) {
        expect(Math.min(x - 148, 242 - x, y - 148, 232 - y)).toBeGreaterThan(0)
        const key = [x / 5, y / 5, heading / (Math.PI / 2)].map(Math.round).join()
        cells.set(key, (cells.get(key) ?? new Set()).add(number))
      }
    })
    const visits = [...cells.values()]
    expect(visits.filter((numbers) => numbers.size > 1).length / visits.length).toBeGreaterThan(0.4)
  })

  test('long ones go on', () => {
    expect(speeds(simulateDrive(5, 0, 1000)).every((speed) => speed <= TOP_SPEED)).toBe(true)
  })
})

test('crossing directions never have green together, and every light has its turn', () => {
  for (let time = 0; time < SIGNAL_CYCLE; time += 0.1) {
    const both = [lightFor('west', 0, time), lightFor('west', Math.PI / 2, time)]
    expect(both.filter((light) => light !== 'red').length).toBe(1)
  }
  const seen = new Set([0, 3, 5.5, 8].map((time) => lightFor('north', 0, time)))
  expect(seen).toEqual(new Set(['green', 'yellow', 'red']))
})

describe('pictures', () => {
  const pose = { x: 186, y: 215, heading: Math.PI / 2, time: 0 }
  const picture = render(pose)

  test('are the same for the same pose, from a town built anew too', () => {
    expect(render(pose)).toEqual(picture)
    expect(createRenderer(SIZE, buildTown())(pose)).toEqual(picture)
  })

  test('have sky above, road below, and houses in between', () => {
    const mean = (top: number, bottom: number, channel: number) => {
      const rows = [...picture.subarray(top * SIZE * 3, bottom * SIZE * 3)]
      return sum(rows.filter((_, i) => i % 3 === channel)) / ((bottom - top) * SIZE)
    }
    expect(mean(0, 4, 2) - mean(0, 4, 0)).toBeGreaterThan(20)
    expect(Math.abs(mean(26, 32, 2) - mean(26, 32, 0))).toBeLessThan(20)
  })

  test('of places close to each other are alike, of different places are not', () => {
    const looks = drives.map((drive) => drive[0]).filter((first) => first !== undefined)
    const [near, far]: [number[], number[]] = [[], []]
    for (const first of looks.slice(0, 20)) {
      const at = render({ ...first, time: 0 })
      near.push(difference(at, render({ ...first, x: first.x + 0.05, y: first.y - 0.05, time: 0 })))
      for (const other of looks.slice(20, 40)) far.push(difference(at, render({ ...other, time: 0 })))
    }
    expect(sum(near) / near.length).toBeLessThan(sum(far) / far.length / 5)
    // The closest of 400 pairs of different places differs more than the same place, seen 7 cm further on.
    expect(Math.min(...far)).toBeGreaterThan(Math.max(...near))
  })

  test('show the lights change, and nothing else', () => {
    // Waiting at the south of the centre: the light ahead is green for one half of the cycle.
    const waiting = { x: 195.5, y: 184.5, heading: Math.PI / 2 }
    const half = SIGNAL_CYCLE / 2
    const [before, after] = [render({ ...waiting, time: 1 }), render({ ...waiting, time: 1 + half })]
    const changed = [...before].filter((level, i) => level !== after[i]).length
    expect(changed).toBeGreaterThan(0)
    expect(changed).toBeLessThan(0.03 * before.length)
    expect(render({ ...waiting, time: 1 + SIGNAL_CYCLE })).toEqual(before)
  })

  test('show what is near before what is far', () => {
    const wall = (x: number, half: number, top: number, colour: number) => {
      const paint = () => colour
      const walls = [paint, paint, paint, paint] as const
      return box({ x, y: 0, angle: 0, half: [0.5, half], top, walls, roofPaint: paint })
    }
    const [near, far] = [wall(4, 1, 2, 0xff0000), wall(12, 9, 9, 0x0000ff)]
    for (const solids of [
      [near, far],
      [far, near],
    ]) {
      const town = { solids, ground: () => 0x00ff00, sky: () => 0x00ff00 }
      const seen = createRenderer(SIZE, town)({ x: 0, y: 0, heading: 0, time: 0 })
      const strongest = (column: number, row: number) => {
        const pixel = [...seen.subarray((row * SIZE + column) * 3, (row * SIZE + column) * 3 + 3)]
        return pixel.indexOf(Math.max(...pixel))
      }
      expect([strongest(16, 16), strongest(16, 10), strongest(5, 14), strongest(16, 0)]).toEqual([0, 2, 2, 1])
    }
  })

  test('in other sizes show the same', () => {
    const large = createRenderer(64)(pose)
    const shrunk = Uint8Array.from(picture, (_, at) => {
      const [pixel, channel] = [Math.floor(at / 3), at % 3]
      const corner = (Math.floor(pixel / SIZE) * 2 * 64 + (pixel % SIZE) * 2) * 3 + channel
      return sum([0, 3, 64 * 3, 65 * 3].map((step) => large[corner + step] ?? 0)) / 4
    })
    expect(difference(picture, shrunk)).toBeLessThan(4)
  })
})

describe('the data set', () => {
  const settings = { size: 16, frames: 6, train: 3, test: 2, seed: 0 }
  const contents = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'base64')]),
    )

  test('has the files and the split of CARLA, and coordinates that match the frames', async () => {
    const directory = newFolder()
    const progress: number[][] = []
    await renderToyTown({ directory, ...settings, onProgress: (done, total) => progress.push([done, total]) })
    expect(progress).toEqual([0, 1, 2, 3, 4, 5].map((done) => [done, 5]))
    const list = readFileSync(path.join(directory, 'video_test.csv'), 'utf8')
    expect(list).toBe(',path\n0,./video_3.pt\n1,./video_4.pt\n')
    // As the original reads a list.
    const read = list.split(/(?<=\n)/).filter((line) => line.includes('.pt'))
    expect(read.map((line) => line.trimEnd().split('/').at(-1))).toEqual(['video_3.pt', 'video_4.pt'])

    const open = (split: 'train' | 'test') =>
      openDataset({ name: 'toy_town', split, dataDir: directory, T: 6, imageSize: 16 })
    const [train, held] = [await open('train'), await open('test')]
    expect([train.length, held.length, held.frameCount(1)]).toEqual([3, 2, 6])
    const drive = simulateDrive(0, 4, 6)
    const coords = readNpy(path.join(directory, 'coords_4.npy'))
    expect(coords).toMatchObject({ dtype: 'float32', shape: [6, 2] })
    expect([...coords.data]).toEqual(drive.flatMap(({ x, y }) => [Math.fround(x), Math.fround(y)]))
    const [last] = drive.slice(-1)
    expect(await held.readFrames(1, [5])).toEqual(last && createRenderer(16)(last))
  })

  test('is read with the lists of older versions too, which have no slash', async () => {
    const directory = newFolder()
    await renderToyTown({ directory, ...settings })
    const list = path.join(directory, 'video_test.csv')
    const now = readFileSync(list, 'utf8')
    writeFileSync(list, now.replaceAll('./', ''))
    const request = { name: 'toy_town', split: 'test', dataDir: directory, T: 6, imageSize: 16 } as const
    const { videos } = await openDataset(request)
    expect(videos?.map(({ name }) => name)).toEqual(['video_3.pt', 'video_4.pt'])
    // Rendering again finds all videos there, and makes the lists new.
    await renderToyTown({ directory, ...settings })
    expect(readFileSync(list, 'utf8')).toBe(now)
  })

  test('is the same in every run, also in one that was interrupted', async () => {
    const [whole, interrupted] = [newFolder(), newFolder()]
    await renderToyTown({ directory: whole, ...settings })
    const stop = new AbortController()
    const onProgress = (done: number) => {
      if (done === 2) stop.abort()
    }
    const run = renderToyTown({ directory: interrupted, ...settings, onProgress, signal: stop.signal })
    await expect(run).rejects.toThrow(/abort/)
    expect(existsSync(path.join(interrupted, 'video_train.csv'))).toBe(false)
    const kept = statSync(path.join(interrupted, 'video_0.pt')).mtimeMs
    rmSync(path.join(interrupted, 'coords_1.npy'))
    await renderToyTown({ directory: interrupted, ...settings })
    expect(contents(interrupted)).toEqual(contents(whole))
    expect(statSync(path.join(interrupted, 'video_0.pt')).mtimeMs).toBe(kept)
  })

  test('of other settings is not mixed with the one that is there', async () => {
    const directory = newFolder()
    await renderToyTown({ directory, ...settings, train: 1, test: 1, frames: 1 })
    const again = renderToyTown({ directory, ...settings })
    await expect(again).rejects.toThrow(UserError)
    await expect(again).rejects.toThrow(/other settings/)
    const foreign = newFolder()
    writeFileSync(path.join(foreign, 'video_0.pt'), '')
    await expect(renderToyTown({ directory: foreign, ...settings })).rejects.toThrow(/not the toy town's/)
    const folderInPlace = newFolder()
    mkdirSync(path.join(folderInPlace, 'toy-town.json'))
    await expect(renderToyTown({ directory: folderInPlace, ...settings })).rejects.toThrow(
      /toy-town.json: it is a folder/,
    )
    await expect(renderToyTown({ directory: newFolder(), ...settings, test: 0 })).rejects.toThrow(/--test/)
  })

  test('that is larger than memory or the disk ends before anything is written', async () => {
    const parent = newFolder()
    const directory = path.join(parent, 'town')
    const asked = (more: object) => renderToyTown({ directory, ...settings, ...more })
    await expect(asked({ frames: 1e9 })).rejects.toThrow(/^--frames takes at most 1398101 with frames of 16 pixels, not 1000000000/) // prettier-ignore
    await expect(asked({ train: 1e12 })).rejects.toThrow(
      /^1000000000002 videos of 6 frames of 16 pixels take 4608000\.0 GB, and [\d.]+ GB are free where/,
    )
    expect(readdirSync(parent)).toEqual([])
  })

  test('stops in the middle of a video', async () => {
    const [directory, stop] = [newFolder(), new AbortController()]
    const run = renderToyTown({ directory, ...settings, frames: 1e5, signal: stop.signal })
    setTimeout(() => stop.abort(), 20)
    await expect(run).rejects.toThrow(/abort/)
    expect(readdirSync(directory)).toEqual(['toy-town.json'])
  })
})
