import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { readTransactionLog } from '../../src/tracking/wandb/read-transaction-log.js'
import { historyRecord, readRecord, runRecord } from '../../src/tracking/wandb/records.js'
import { openTransactionLog } from '../../src/tracking/wandb/transaction-log.js'
import { track } from './wandb-fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-wandb-offline-'))
afterAll(() => rmSync(root, { recursive: true }))
const GIF = Buffer.from('GIF89a\x02\x00\x03\x00;', 'latin1')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const env = { WANDB_MODE: 'offline' }

/** Records of all kinds of lengths: in one block, in several, and up to the last bytes of one. */
function trickyRecords(): readonly Uint8Array[] {
  const bytes = (value: string, length: number) => Buffer.alloc(length, value)
  const first = [Buffer.from('abc'), Buffer.alloc(102_400, Uint8Array.from({ length: 256 }, (_, i) => i)), Buffer.alloc(0), bytes('x', 32_754)] // prettier-ignore
  return [
    ...first,
    // Up to three bytes before the end of a block, and up to seven: just a header's room.
    bytes('y', 28_610),
    Buffer.from('after padding'),
    bytes('z', 32_734),
    Buffer.from('an empty first part'),
  ]
}

it('writes the bytes that W&B writes', () => {
  const file = path.join(root, 'golden.wandb')
  const log = openTransactionLog(file)
  const records = trickyRecords()
  records.forEach((record) => log.write([record]))
  log.close()
  const content = readFileSync(file)
  // By `DataStore` of wandb 0.19.11, given the same records.
  expect(hex(content.subarray(0, 17))).toBe('3a572642e1be00a9209d53030001616263')
  expect([content.length, digest(content)]).toEqual([
    196_634,
    '1468e8eb58cedb3a7d9890fb1ec1bc9a9074efe29d6ef87f23f3a8c0cf9631f2',
  ])
  expect([...readTransactionLog(file, { damaged: 'stop' })].map(({ bytes }) => digest(bytes))).toEqual(
    records.map(digest),
  )
})

it('writes the messages that W&B writes', () => {
  // By `SerializeToString` of wandb 0.19.11.
  expect(
    hex(
      historyRecord(
        3,
        10,
        new Map([
          ['loss', '0.5'],
          ['_step', '10'],
        ]),
      ),
    ),
  ).toBe(
    // prettier-ignore
    '080312200a0c0a046c6f7373820103302e350a0c0a055f7374657082010231301202080a',
  )
  const golden =
    '08028a013e0a086b3278773831717a1a0566696c6d73220f0a0d0a026c72820106302e30303031420661206e616d656a04686572658a010b0880e2cfaa061080e59a77'
  const run = {
    runId: 'k2xw81qz',
    entity: '',
    project: 'films',
    displayName: 'a name',
    host: 'here',
    startTime: 1_700_000_000_250,
    resumed: false,
    config: new Map([['lr', '0.0001']]),
  }
  expect(readRecord(Buffer.from(golden, 'hex'))).toEqual({ kind: 'run', run })
  expect(readRecord(runRecord(2, { ...run, resumed: true }))).toEqual({
    kind: 'run',
    run: { ...run, resumed: true },
  })
  expect(readRecord(Buffer.from('08099201040801104d', 'hex'))).toEqual({ kind: 'exit', exitCode: 1 })
})

it('reads what is whole of a file that is cut off or damaged', () => {
  const file = path.join(root, 'damaged.wandb')
  const log = openTransactionLog(file)
  const records = trickyRecords()
  const starts = log.write(records)
  const ends = [...starts.slice(1), log.end]
  log.close()
  const content = readFileSync(file)
  const read = (damaged: 'stop' | 'skip') =>
    [...readTransactionLog(file, { damaged })].map(({ start }) => start)
  for (const cut of [7, 16, 17, 20, 40_000, ...ends.slice(-3).flatMap((end) => [end - 1, end])]) {
    writeFileSync(file, content.subarray(0, cut))
    expect([read('stop').length, read('skip').length], `cut at ${cut}`).toEqual(
      Array(2).fill(ends.filter((end) => end <= cut).length),
    )
  }
  const broken = Buffer.from(content)
  broken.writeUInt8(broken.readUInt8(50_000) ^ 1, 50_000)
  writeFileSync(file, broken)
  expect(read('stop')).toEqual(starts.slice(0, 1))
  // The next block begins with a part of the damaged record, and the others after it.
  expect(read('skip').length).toBe(records.length - 1)
  writeFileSync(file, 'something else')
  expect(() => read('stop')).toThrow(UserError)
})

const folders = (runId: string) => readdirSync(path.join(root, runId, 'wandb')).sort()
const logFile = (runId: string, folder = folders(runId).at(-1) ?? '') =>
  path.join(root, runId, 'wandb', folder, `run-${runId}.wandb`)
const recordsOf = (file: string) =>
  [...readTransactionLog(file, { damaged: 'stop' })].map(({ bytes }) => readRecord(bytes))
const historyOf = (file: string) =>
  recordsOf(file).flatMap((record) =>
    record.kind === 'history' ? [[record.step, record.items.get('loss'), record.items.get('extra')]] : [],
  )

it('records a run, and goes on in the same file when it is resumed', async () => {
  const first = track({ root, runId: 'offline', env })
  first.tracker.log(10, { loss: 1 })
  first.tracker.log(20, { loss: NaN })
  first.tracker.media?.(20, 'video-0', { kind: 'gif', bytes: GIF })
  await first.tracker.close?.('finished')
  const [folder = ''] = folders('offline')
  expect(folder).toMatch(/^offline-run-\d{8}_\d{6}-offline$/)
  expect(first.told).toEqual([
    expect.stringMatching(/^tracking: recorded .+; send it with: wandb sync .+-offline$/),
  ])
  const kinds = recordsOf(logFile('offline')).map(({ kind }) => kind)
  expect(kinds).toEqual(['other', 'run', 'summary', 'history', 'files', 'summary', 'history', 'exit'])
  const [video] = recordsOf(logFile('offline')).flatMap((record) =>
    record.kind === 'files' ? record.paths : [],
  )
  expect(readFileSync(path.join(root, 'offline', 'wandb', folder, 'files', video ?? '')).equals(GIF)).toBe(
    true,
  )

  const second = track({ root, runId: 'offline', env }, { isNew: false, config: { lr: 2 } })
  for (const step of [10, 20, 30]) second.tracker.log(step, { loss: step, extra: 1 })
  await second.tracker.close?.('finished')
  expect(folders('offline')).toEqual([folder])
  expect(historyOf(logFile('offline'))).toEqual([
    [10, '1', undefined],
    [20, '20', '1'],
    [30, '30', '1'],
  ])
  expect(recordsOf(logFile('offline')).map(({ kind }) => kind)).toEqual(
    ['other', 'run', 'summary', 'history', 'config', 'files', 'summary', 'history', 'summary', 'history', 'exit'], // prettier-ignore
  )
})

it('goes on in a new folder once W&B has the first, with later steps only', async () => {
  const first = track({ root, runId: 'synced', env })
  first.tracker.log(10, { loss: 1 })
  await first.tracker.close?.('finished')
  writeFileSync(`${logFile('synced')}.synced`, '')
  for (const step of [20, 30]) {
    const next = track({ root, runId: 'synced', env }, { isNew: false })
    for (const repeated of [step - 10, step]) next.tracker.log(repeated, { loss: repeated })
    await next.tracker.close?.('finished')
  }
  const [, second, ...more] = folders('synced')
  expect(more).toEqual([])
  expect(historyOf(logFile('synced', second))).toEqual(
    [20, 30].map((step) => [step, String(step), undefined]),
  )
  expect(recordsOf(logFile('synced', second))[1]).toMatchObject({ run: { resumed: true } })
})

it('goes on after any place that a killed process stopped at', async () => {
  const first = track({ root, runId: 'cut', env })
  for (const step of [1, 2, 3]) first.tracker.log(step, { loss: step })
  const whole = readFileSync(logFile('cut'))
  for (let cut = whole.length; cut > whole.length - 400; cut -= 37) {
    writeFileSync(logFile('cut'), whole)
    truncateSync(logFile('cut'), cut)
    const left = historyOf(logFile('cut'))
    const next = track({ root, runId: 'cut', env }, { isNew: false })
    next.tracker.log(4, { loss: 4 })
    await next.tracker.close?.('finished')
    expect(historyOf(logFile('cut'))).toEqual([...left, [4, '4', undefined]])
  }
})
