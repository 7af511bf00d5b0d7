import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { LostWork } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import { eventFile } from '../../src/tracking/tensorboard/event-file.js'
import { findResume } from '../../src/training/checkpoint-files.js'
import type { DiskNews } from '../../src/training/disk-news.js'
import { train } from '../../src/training/train.js'
import type { TrainRun } from '../../src/training/train-run.js'
import { availableBackends } from '../helpers/backends.js'
import { fill, smallDisk, type SmallDisk } from '../helpers/small-disk.js'
import { fakeDataset, smallConfig } from './fixtures.js'

/** A set of the smallest network takes 33 MB; this is room for one, and for half of another. */
const [ONE_SET, ROOM] = [50e6, 200e6]
const probe = smallDisk(1e6)
probe?.remove()

describe.runIf(probe)('on a disk that is full', () => {
  let disk: SmallDisk
  beforeAll(async () => {
    await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
  })
  afterEach(() => disk.remove())

  /** A run of so many steps that saves after each; it may try again after each, too. */
  async function run(max_steps: number, more: Partial<TrainRun> = {}) {
    const news: (DiskNews | string)[] = []
    const config = { log_interval: 1, save_interval: 1, ema_rate: '0.9', num_workers: 0, max_steps }
    await train({
      config: smallConfig(config),
      dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
      newRunId: 'a',
      root: disk.folder,
      now: () => 0,
      onDisk: (told) => news.push(told),
      onSave: (_, step) => news.push(`saved ${step}`),
      openTrackers: () => [eventFile(path.join(disk.folder, 'a'), undefined, () => 1e12)],
      savePatience: { between: 0, atEnd: [1, 1], whenStopped: [1] },
      ...more,
    })
    return news
  }
  const names = () => readdirSync(path.join(disk.folder, 'a')).sort()
  const setOf = (step: number) => [`ema_0.9_00000${step}.pt`, `model00000${step}.pt`, `opt00000${step}.pt`, `state00000${step}.json`] // prettier-ignore
  const steps = () =>
    readFileSync(path.join(disk.folder, 'a', 'log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { step: number }).step)

  it('a run goes on, keeps what is saved, and saves when there is room', async () => {
    disk = smallDisk(ONE_SET) as SmallDisk
    let found: readonly string[] = []
    const news = await run(4, {
      onStep: (step) => {
        if (step !== 4) return
        found = names().filter((name) => !name.startsWith('events'))
        disk.resize(ROOM)
      },
    })
    // Half of what was written of steps 2 and 3 is not left.
    expect(found).toEqual(['.training.claim-1', ...setOf(1), 'log.jsonl'].sort())
    const inVain = { kind: 'not saved', reason: expect.stringMatching(/opt00000\d\.pt: the disk is full$/) as string, wait: 0, goesOn: true } // prettier-ignore
    expect(news).toEqual([
      'saved 1',
      { ...inVain, step: 2 },
      { ...inVain, step: 3 },
      { kind: 'saved again', step: 4, failures: 2 },
      'saved 4',
    ])
    expect(names().filter((name) => /\.(pt|json)$/.test(name))).toEqual([...setOf(1), ...setOf(4)].sort())
    expect(steps()).toEqual([0, 1, 2, 3, 4])
  })

  it('lines of the log wait, whole and in their order', async () => {
    disk = smallDisk(ONE_SET) as SmallDisk
    const logs = path.join(disk.folder, 'a')
    const filler = path.join(disk.folder, 'filler')
    const news = await run(5, {
      config: smallConfig({
        log_interval: 1,
        save_interval: 100,
        ema_rate: '0.9',
        num_workers: 0,
        max_steps: 5,
      }),
      measure: () => ({ long: 1e300, ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`number ${i}`, i])) }), // prettier-ignore
      onStep: (step) => {
        if (step === 2) fill(filler)
        if (step === 5) disk.resize(ROOM)
      },
    })
    expect(
      news.map((told) =>
        typeof told === 'string' ? told : `${told.kind} ${'what' in told ? told.what : ''}`,
      ),
    ).toEqual([
      'not written the log',
      "not written a tracker's record",
      'written again the log',
      "written again a tracker's record",
      'saved 5',
    ])
    expect(steps()).toEqual([0, 1, 2, 3, 4, 5])
    const events = names().find((name) => name.startsWith('events')) ?? ''
    expect(recordsIn(path.join(logs, events))).toBe(7)
  })

  it('the last step is tried some times, and the run ends with an error that says what is lost', async () => {
    disk = smallDisk(ONE_SET) as SmallDisk
    const news: (DiskNews | string)[] = []
    const failure = run(2, {
      onDisk: (told) => news.push(told),
      onSave: (_, step) => news.push(`saved ${step}`),
    })
    await expect(failure).rejects.toThrow(LostWork)
    await expect(failure).rejects.toThrow(/^step 2 is not saved: could not write .*: the disk is full$/)
    expect(
      news.map((told) => (typeof told === 'string' ? told : [told.kind, 'goesOn' in told && told.goesOn])),
    ).toEqual(['saved 1', ['not saved', true], ['not saved', false], ['not saved', false]])
    expect(names().filter((name) => /^(\.opt|opt|model|ema|state)/.test(name))).toEqual(setOf(1).sort())
    expect(findResume(path.join(disk.folder, 'a'), [0.9]).step).toBe(1)
  })

  it('older sets make room where there is none for the list of them', async () => {
    disk = smallDisk(ROOM) as SmallDisk
    const filler = path.join(disk.folder, 'filler')
    await run(3, {
      config: smallConfig({
        log_interval: 9,
        save_interval: 1,
        ema_rate: '0.9',
        num_workers: 0,
        max_steps: 3,
        keep: 1,
      }),
      // Between what is written of a set and what is removed there is no other moment.
      onSave: (_, step) => {
        if (step === 2) fill(filler)
      },
    })
    expect(names().filter((name) => name.endsWith('.pt'))).toEqual(setOf(3).slice(0, 3))
  })
})

/** How many records a file of TensorBoard's holds, all of them whole. */
function recordsIn(file: string): number {
  const content = readFileSync(file)
  let records = 0
  let at = 0
  for (; at < content.length; records++) at += 16 + Number(content.readBigUInt64LE(at))
  expect(at).toBe(content.length)
  return records
}
