import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { readTransactionLog } from '../../src/tracking/wandb/read-transaction-log.js'
import { readRecord } from '../../src/tracking/wandb/records.js'
import { leaveRoom, limit } from '../helpers/limited-fs.js'
import { track } from './wandb-fixtures.js'

vi.mock('node:fs', async (importOriginal) => {
  const { limitedFs } = await import('../helpers/limited-fs.js')
  return limitedFs(await importOriginal())
})

let root = ''
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'fdm-wandb-full-'))
})
afterEach(() => {
  limit.folder = ''
  rmSync(root, { recursive: true })
})

const GIF = Buffer.from('GIF89a\x02\x00\x03\x00;', 'latin1')
const begin = () => track({ root, runId: 'a', env: { WANDB_MODE: 'offline' } }, { now: () => 1e12 }).tracker

function logFile(): string {
  const [folder = ''] = readdirSync(path.join(root, 'a', 'wandb'))
  return path.join(root, 'a', 'wandb', folder, 'run-a.wandb')
}

/** The lines of numbers, none damaged. */
const lines = () =>
  [...readTransactionLog(logFile(), { damaged: 'stop' })]
    .map(({ bytes }) => readRecord(bytes))
    .flatMap((record) => (record.kind === 'history' ? [[record.step, Object.fromEntries(record.items)]] : []))

it('what a full disk does not take leaves the record as it was, at any byte, and can be tried again', () => {
  const tracker = begin()
  tracker.log(1, { loss: 1 })
  const before = readFileSync(logFile())
  for (let left = 0; left < 60; left += 7) {
    leaveRoom(root, left)
    expect(() => tracker.log(2, { loss: 2 })).toThrow(UserError)
    // More of the last step is written over it.
    expect(() => tracker.log(1, { ['more'.repeat(20)]: 1 })).toThrow(UserError)
    expect(readFileSync(logFile())).toEqual(before)
  }
  leaveRoom(root, 0)
  expect(() => tracker.media?.(1, 'video', { kind: 'gif', bytes: GIF })).toThrow(UserError)
  expect(readFileSync(logFile())).toEqual(before)
  leaveRoom(root, Infinity)
  tracker.media?.(1, 'video', { kind: 'gif', bytes: GIF })
  // Ten seconds late: it has the time of its numbers.
  tracker.log(2, { loss: 2 }, 10_000)
  expect(lines()).toMatchObject([
    [1, { loss: '1', _timestamp: '1000000000', video: expect.stringContaining('video-file') as string }],
    [2, { loss: '2', _timestamp: '999999990' }],
  ])
})

it('its end can be tried again too', async () => {
  const tracker = begin()
  tracker.log(1, { loss: 1 })
  leaveRoom(root, 3)
  await expect(tracker.close?.('finished')).rejects.toThrow(UserError)
  leaveRoom(root, Infinity)
  await tracker.close?.('finished')
  const kinds = [...readTransactionLog(logFile(), { damaged: 'stop' })].map(
    ({ bytes }) => readRecord(bytes).kind,
  )
  expect(kinds.at(-1)).toBe('exit')
})
