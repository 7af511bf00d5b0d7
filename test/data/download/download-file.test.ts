import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { downloadFile, type DownloadOptions } from '../../../src/data/download/download-file.js'
import { UserError } from '../../../src/errors.js'
import { temporaryFolders } from '../temporary.js'
import { serve, type Answers } from './server.js'

const newFolder = temporaryFolders()
const made = (length: number, salt: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + salt) % 256))
const CONTENT = made(300_000, 1)
const OTHER = made(300_000, 2)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const quick: DownloadOptions = { pause: 1 }

async function setUp(answers: Partial<Answers> = {}) {
  const server = await serve({ content: () => CONTENT, etag: () => '"one"', ...answers })
  const file = path.join(newFolder(), 'deep', 'file.bin')
  return {
    ...server,
    file,
    get: (options: DownloadOptions = {}) => downloadFile(server.url, file, { ...quick, ...options }),
  }
}

test('what arrives is what is there, with its checksum and nothing else beside it', async () => {
  const { file, get } = await setUp()
  const progress: (readonly [number, number | undefined])[] = []
  const result = await get({ onProgress: (done, total) => progress.push([done, total]) })
  expect(result).toEqual({ kept: false, bytes: CONTENT.length, sha256: sha256(CONTENT) })
  expect(readFileSync(file).equals(CONTENT)).toBe(true)
  expect(progress[0]).toEqual([0, CONTENT.length])
  expect(progress.at(-1)).toEqual([CONTENT.length, CONTENT.length])
  expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(`${sha256(CONTENT)}  file.bin\n`)
  expect(readdirSync(path.dirname(file)).sort()).toEqual(['file.bin', 'file.bin.sha256'])
})

describe('broken connections', () => {
  test('are made again for the rest', async () => {
    const { file, get, requests } = await setUp({ cutAfter: (n) => (n < 3 ? 50_000 : undefined) })
    const reasons: string[] = []
    await get({ onRetry: (reason) => reasons.push(reason) })
    expect(readFileSync(file).equals(CONTENT)).toBe(true)
    expect(reasons).toHaveLength(3)
    expect(requests.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=50000-',
      'bytes=100000-',
      'bytes=150000-',
    ])
    expect(requests[1]?.['if-range']).toBe('"one"')
  })

  test('that stall are given up and made again', async () => {
    const { file, get } = await setUp({ stallsAfter: (n) => (n === 0 ? 1000 : undefined) })
    const reasons: string[] = []
    await get({ patience: 200, onRetry: (reason) => reasons.push(reason) })
    expect(reasons).toEqual(['nothing came for 0.2 seconds'])
    expect(readFileSync(file).equals(CONTENT)).toBe(true)
  })

  test('and servers that are down for a while are borne', async () => {
    const { get } = await setUp({ status: (n) => (n < 2 ? 503 : undefined) })
    expect((await get()).sha256).toBe(sha256(CONTENT))
  })

  test('without end are an error that says how to go on, and keeps what came', async () => {
    const { file, url, get } = await setUp({ cutAfter: (n) => (n === 0 ? 70_000 : 0) })
    await expect(get()).rejects.toThrow(/could not fetch .*run it again to go on after 70000 bytes/)
    expect(existsSync(file)).toBe(false)
    const good = await serve({ content: () => CONTENT, etag: () => '"one"' })
    // Another address is another file.
    expect((await downloadFile(good.url, file, quick)).sha256).toBe(sha256(CONTENT))
    expect(good.requests[0]?.range).toBeUndefined()
    expect(url).not.toBe(good.url)
  })

  test('that never bring more than was there end as well', async () => {
    const { get, requests } = await setUp({ ignoresRanges: true, cutAfter: () => 50_000 })
    await expect(get()).rejects.toThrow(/the connection ended|terminated|other side closed/)
    expect(requests).toHaveLength(6)
  })

  test('of an earlier call are gone on from', async () => {
    let isBroken = true
    const { file, get, requests } = await setUp({ cutAfter: () => (isBroken ? 70_000 : undefined) })
    const stop = new AbortController()
    await expect(get({ signal: stop.signal, onRetry: () => stop.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    )
    isBroken = false
    await get()
    expect(requests.at(-1)?.range).toBe('bytes=70000-')
    expect(readFileSync(file).equals(CONTENT)).toBe(true)
  })
})

describe('bytes of two states of a file are never mixed', () => {
  const changes = (n: number) => (n === 0 ? CONTENT : OTHER)
  const cutOnce = (n: number) => (n === 0 ? 80_000 : undefined)

  test.each([
    ['where the server knows If-Range', {}],
    ['where it does not', { ignoresConditions: true }],
    ['where it knows no ranges', { ignoresRanges: true }],
  ])('%s', async (_, answers) => {
    const etag = (n: number) => (n === 0 ? '"one"' : '"two"')
    const { file, get } = await setUp({ content: changes, etag, cutAfter: cutOnce, ...answers })
    expect(await get()).toMatchObject({ sha256: sha256(OTHER), bytes: OTHER.length })
    expect(readFileSync(file).equals(OTHER)).toBe(true)
  })

  test('where only its length tells', async () => {
    const longer = made(310_000, 3)
    const content = (n: number) => (n === 0 ? CONTENT : longer)
    const { file, get } = await setUp({ content, etag: () => undefined, cutAfter: cutOnce })
    await get()
    expect(readFileSync(file).equals(longer)).toBe(true)
  })
})

test('a range that was not asked for is not taken', async () => {
  const { file, get } = await setUp({
    cutAfter: (n) => (n === 0 ? 50_000 : undefined),
    servesFrom: (n) => (n === 1 ? 40_000 : undefined),
  })
  const reasons: string[] = []
  await get({ onRetry: (reason) => reasons.push(reason) })
  expect(readFileSync(file).equals(CONTENT)).toBe(true)
  expect(reasons).toHaveLength(1)
})

test('a server without ranges sends all again', async () => {
  const { file, get } = await setUp({ ignoresRanges: true, cutAfter: (n) => (n < 2 ? 50_000 : undefined) })
  await get()
  expect(readFileSync(file).equals(CONTENT)).toBe(true)
})

test('a part that is all there already is taken', async () => {
  const { file, get, url } = await setUp()
  const record = { url, etag: '"one"', total: CONTENT.length }
  await expect(get({ signal: AbortSignal.abort(new Error('early')) })).rejects.toThrow('early')
  writeFileSync(`${file}.part`, CONTENT)
  writeFileSync(`${file}.part.json`, JSON.stringify(record))
  expect(await get()).toMatchObject({ sha256: sha256(CONTENT), bytes: CONTENT.length })
})

describe('a file that is there', () => {
  test('is compared with what was received', async () => {
    const { file, get, requests } = await setUp()
    await get()
    expect(await get()).toEqual({ kept: true, bytes: CONTENT.length, sha256: sha256(CONTENT) })
    expect(requests).toHaveLength(1)
    writeFileSync(file, OTHER)
    await expect(get()).rejects.toThrow(/is not what was received: its SHA-256 is .*remove both/)
  })

  test('and was put there by hand is taken as it is', async () => {
    const { file, get, requests } = await setUp({ status: () => 500 })
    await expect(get({ signal: AbortSignal.abort(new Error('early')) })).rejects.toThrow('early')
    writeFileSync(file, OTHER)
    expect(await get()).toMatchObject({ kept: true, sha256: sha256(OTHER) })
    expect(readFileSync(`${file}.sha256`, 'utf8')).toContain(sha256(OTHER))
    expect(requests).toHaveLength(0)
  })
})

test('two at once: one fetches, the other says so', async () => {
  const { get, file } = await setUp({ stallsAfter: (n) => (n === 0 ? 10 : undefined) })
  const first = get({ patience: 500 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  await expect(get()).rejects.toThrow(/another process is fetching/)
  await first
  expect(readFileSync(file).equals(CONTENT)).toBe(true)
})

test('what the server refuses is an error at once', async () => {
  const { get, requests } = await setUp({ status: () => 404 })
  await expect(get()).rejects.toThrow(UserError)
  await expect(get()).rejects.toThrow(/the server says 404 Not Found/)
  expect(requests).toHaveLength(2)
})

test('a server that finds fault with the range where none was asked for is not asked for ever', async () => {
  const { get, requests } = await setUp({ status: () => 416 })
  await expect(get()).rejects.toThrow(/the server says 416/)
  expect(requests).toHaveLength(1)
})

test('a length that is not told is not missed', async () => {
  const { get } = await setUp({ hidesLength: true })
  expect((await get()).sha256).toBe(sha256(CONTENT))
})
