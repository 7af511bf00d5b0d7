import { rmSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { claimsIn } from '../../../src/claims/claims.js'
import { scheduleStore } from '../../../src/sampling/optimal-schedule/schedule-store.js'
import { scheduleFiles, writeSchedule, type Schedule } from '../../../src/sampling/results/schedule-files.js'
import { temporaryFolders } from '../../data/temporary.js'

/** Called before each look at a file of a schedule, with its path, or without one if the file is open. */
const disk = vi.hoisted(() => ({ onLook: undefined as ((file?: string) => void) | undefined }))

vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const watched =
    <A extends unknown[], R>(look: (...args: A) => R) =>
    (...args: A): R => {
      const [file] = args
      if (typeof file !== 'string') disk.onLook?.()
      else if (/optimal_schedule(_partial)?\.(pt|json)$/.test(file)) disk.onLook?.(file)
      return look(...args)
    }
  return {
    ...actual,
    existsSync: watched(actual.existsSync),
    openSync: watched(actual.openSync),
    readSync: watched(actual.readSync as (...args: unknown[]) => number),
    readFileSync: watched(actual.readFileSync),
  }
})

const newFolder = temporaryFolders()
afterEach(() => {
  disk.onLook = undefined
})

const BEFORE: Schedule = new Map([[1, [3]]])
const AFTER: Schedule = new Map([
  [1, [3, 4]],
  [2, [5, 6, 7]],
])

/** What a store reads while another process makes a change, once for each moment at which it can. */
function readDuring(
  kind: 'finished' | 'partial',
  change: (files: { torch: string; json: string }) => void,
): unknown[] {
  const found: unknown[] = []
  for (let moment = 1; ; moment++) {
    const folder = newFolder()
    const files = scheduleFiles(folder)[kind]
    const store = scheduleStore(folder, claimsIn(folder), { seed: 0 })
    writeSchedule(files, BEFORE)
    let looks = 0
    disk.onLook = () => {
      if (++looks === moment) change(files)
    }
    found.push(kind === 'finished' ? store.finished() : store.chosen(1))
    disk.onLook = undefined
    if (looks < moment) return found
  }
}

test('a finished schedule that is replaced while it is read is the one before or the one after', () => {
  const found = readDuring('finished', (files) => writeSchedule(files, AFTER))
  expect(found.length).toBeGreaterThan(1)
  for (const schedule of found) expect([BEFORE, AFTER]).toContainEqual(schedule)
  expect(found[0]).toEqual(AFTER)
  expect(found.at(-1)).toEqual(BEFORE)
})

test('choices that are replaced while they are read are those before or those after', () => {
  const found = readDuring('partial', (files) => writeSchedule(files, AFTER))
  for (const chosen of found) expect([[3], [3, 4]]).toContainEqual(chosen)
})

test('choices that are removed while they are read, as their stage is finished, are those before or none', () => {
  const found = readDuring('partial', ({ torch, json }) => {
    for (const file of [torch, json]) rmSync(file)
  })
  for (const chosen of found) expect([[3], []]).toContainEqual(chosen)
  expect(found[0]).toEqual([])
  // Between the two files.
  const between = readDuring('partial', ({ torch }) => rmSync(torch))
  for (const chosen of between) expect(chosen).toEqual([3])
})

test('a file that a disk of the network does not know any more is opened anew, but not for ever', () => {
  const folder = newFolder()
  const store = scheduleStore(folder, claimsIn(folder), { seed: 0 })
  const { finished } = scheduleFiles(folder)
  writeSchedule(finished, AFTER)
  let stale = 2
  disk.onLook = (file) => {
    if (file === finished.torch && stale-- > 0)
      throw Object.assign(new Error('ESTALE: stale NFS file handle, open'), { code: 'ESTALE' })
  }
  expect(store.finished()).toEqual(AFTER)
  stale = Infinity
  expect(() => store.finished()).toThrow(
    /could not read .*: the disk of the network does not know it any more/,
  )
})
