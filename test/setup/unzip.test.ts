import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { readZipText, unzip } from '../../src/setup/unzip.js'
import { temporaryFolder, zip } from './fakes.js'

function written(entries: Record<string, string>): { file: string; folder: string } {
  const folder = temporaryFolder()
  const file = path.join(folder, 'a.whl')
  writeFileSync(file, zip(entries))
  return { file, folder: path.join(folder, 'out') }
}

it('unpacks the wanted entries with their modes', async () => {
  const { file, folder } = written({ 'a/b.txt': 'b', 'a/run*': 'go', 'c.txt': 'c' })
  expect(await unzip(file, folder, (name) => name.startsWith('a/'))).toBe(2)
  expect(readFileSync(path.join(folder, 'a/b.txt'), 'utf8')).toBe('b')
  expect(statSync(path.join(folder, 'a/b.txt')).mode & 0o111).toBe(0)
  expect(statSync(path.join(folder, 'a/run')).mode & 0o100).toBe(0o100)
  expect(existsSync(path.join(folder, 'c.txt'))).toBe(false)
})

it('reads one entry', async () => {
  const { file } = written({ 'x.dist-info/METADATA': 'Name: x', other: '' })
  expect(await readZipText(file, (name) => name.endsWith('METADATA'))).toBe('Name: x')
  expect(await readZipText(file, () => false)).toBeUndefined()
})

it('refuses an entry that leads outside the folder', async () => {
  const { file, folder } = written({ '../outside': 'x' })
  await expect(unzip(file, folder, () => true)).rejects.toThrow(UserError)
  expect(existsSync(path.join(folder, '../outside'))).toBe(false)
})

it.each([
  ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 30)],
  ['not a zip file', () => Buffer.from('<html>')],
])('names a file that is %s', async (_, damage) => {
  const { file, folder } = written({ a: 'some text' })
  writeFileSync(file, damage(readFileSync(file)))
  await expect(unzip(file, folder, () => true)).rejects.toThrow(file)
})
