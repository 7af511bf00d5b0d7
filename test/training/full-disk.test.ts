import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { LostWork } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import { eventFile } from '../../src/tracking/tensorboard/event-file.js'
import { findResume } from '../../src/training/checkpoints/checkpoint-files.js'
import type { DiskNews } from '../../src/training/outages/disk-news.js'
import { train } from '../../src/training/train.js'
import type { TrainRun } from '../../src/training/train-run.js'
import { availableBackends } from '../helpers/backends.js'
import { smallDisk, type SmallDisk } from '../helpers/small-disk.js'
import { fakeDataset, smallConfig } from './fixtures.js'

vi.mock('node:fs', async (importOriginal) => {
  const { limitedFs } = await import('../helpers/limited-fs.js')
  return limitedFs(await importOriginal())
})

/** A set of the smallest network takes 33 MB; this is room for one and a half, for three, and for six. */
const [ONE_SET, ROOM, MORE_ROOM] = [50e6, 100e6, 200e6]
describe('on a disk that is full', () => {
  let disk: SmallDisk
  beforeAll(async () => {
    await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
  })
  afterEach(() => disk.remove())

  /** A run of so many steps that saves after each; it may try again after each, too. */
  async function run(max_steps: number, more: Partial<TrainRun> = {}) {
    const news: (DiskNews | string)[] = []
    const config = {
      attention_resolutions: '8',
      log_interval: 1,
      save_interval: 1,
      ema_rate: '0.9',
      num_workers: 0,
      max_steps,
    }
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

  it('a run goes on, and has all lines and the next step when there is room', async () => {
    disk = smallDisk(ROOM)
    let found: readonly string[] = []
    const news = await run(3, {
      onStep: (step) => {
        if (step === 2) disk.fill()
        if (step !== 3) return
        found = names()
        disk.resize(MORE_ROOM)
      },
      // A line that is cut if anything is.
      measure: () => Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`number ${i}`, i])),
    })
    expect(found.filter((name) => !name.startsWith('events'))).toEqual(
      ['.training.claim-1', ...setOf(1), 'log.jsonl'].sort(),
    )
    const log = { what: 'the log', reason: expect.stringMatching(/log.jsonl: the disk is full$/) as string }
    const events = { what: "a tracker's record", reason: expect.stringMatching(/events.*: the disk is full$/) as string } // prettier-ignore
    const reason = expect.stringMatching(/state000002.json: the disk is full$/) as string
    expect(news).toEqual([
      'saved 1',
      { kind: 'not written', ...log },
      { kind: 'not written', ...events },
      { kind: 'not saved', step: 2, reason, wait: 0, goesOn: true },
      { kind: 'written again', what: log.what, lost: 0 },
      { kind: 'written again', what: events.what, lost: 0 },
      { kind: 'saved again', step: 3, failures: 1 },
      'saved 3',
    ])
    expect(names().filter((name) => /\.(pt|json)$/.test(name))).toEqual([...setOf(1), ...setOf(3)].sort())
    expect(steps()).toEqual([0, 1, 2, 3])
    const file = names().find((name) => name.startsWith('events')) ?? ''
    expect(recordsIn(path.join(disk.folder, 'a', file))).toBe(5)
  })

  it('the last step is tried some times, and the run ends with an error that says what is lost', async () => {
    disk = smallDisk(ONE_SET)
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

  it('what a record does not take is work lost, although the set is saved, after a signal too', async () => {
    disk = smallDisk(MORE_ROOM)
    const stop = new AbortController()
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const failure = run(3, {
      signal: stop.signal,
      onStep: () => stop.abort(),
      openTrackers: () => [
        {
          log: (step: number) => {
            if (step > 0) throw full
          },
        },
      ],
    })
    await expect(failure).rejects.toThrow(LostWork)
    expect(findResume(path.join(disk.folder, 'a'), [0.9]).step).toBe(1)
  })

  it('older sets make room where there is none for the list of them', async () => {
    disk = smallDisk(ROOM)
    const models = () => names().filter((name) => name.startsWith('model'))
    let found: readonly string[] = []
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
        if (step === 2) disk.fill()
      },
      onStep: (step) => {
        if (step !== 3) return
        found = models()
        disk.resize(MORE_ROOM)
      },
    })
    expect([found, models()]).toEqual([['model000002.pt'], ['model000003.pt']])
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
