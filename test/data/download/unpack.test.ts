import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { create } from 'tar'
import { expect, test } from 'vitest'
import { unpack } from '../../../src/data/download/unpack.js'
import { UserError } from '../../../src/errors.js'
import { temporaryFolders } from '../temporary.js'

const newFolder = temporaryFolders()

/** An archive of files in `top`. */
async function archive(top: string, names: readonly string[], bytes = 5000): Promise<string> {
  const folder = newFolder()
  mkdirSync(path.join(folder, top), { recursive: true })
  names.forEach((name, i) => writeFileSync(path.join(folder, top, name), Buffer.alloc(bytes, `${name} ${i}`)))
  const file = path.join(folder, 'a.tar.gz')
  await create(
    { file, gzip: true, cwd: folder, portable: true },
    names.map((name) => path.join(top, name)),
  )
  return file
}

test('the only folder of an archive gets the name asked for', async () => {
  const target = path.join(newFolder(), 'data', 'videos')
  const seen: string[] = []
  const file = await archive('inner', ['a', 'b'])
  expect(await unpack(file, target, (_, name) => seen.push(name))).toBe(true)
  expect(readdirSync(target)).toEqual(['a', 'b'])
  expect(readdirSync(path.dirname(target))).toEqual(['videos'])
  expect(seen).toEqual(['inner/a', 'inner/b'])
  // What is there is left as it is.
  writeFileSync(path.join(target, 'a'), 'mine')
  expect(await unpack(file, target)).toBe(false)
  expect(readFileSync(path.join(target, 'a'), 'utf8')).toBe('mine')
})

test('several entries at the top become the folder themselves', async () => {
  const target = path.join(newFolder(), 'videos')
  await unpack(await archive('.', ['a', 'b', 'c']), target)
  expect(readdirSync(target)).toEqual(['a', 'b', 'c'])
})

test('a damaged archive, no archive, and one that is stopped leave nothing', async () => {
  const folder = newFolder()
  const target = path.join(folder, 'videos')
  const cut = await archive('inner', ['a', 'b'])
  truncateSync(cut, 100)
  await expect(unpack(cut, target)).rejects.toThrow(UserError)
  writeFileSync(path.join(folder, 'no.tar.gz'), 'not an archive at all '.repeat(100))
  await expect(unpack(path.join(folder, 'no.tar.gz'), target)).rejects.toThrow(
    /could not unpack .*no\.tar\.gz/,
  )
  const stop = new AbortController()
  const whole = await archive('inner', ['a', 'b', 'c'], 3_000_000)
  const stopped = unpack(whole, target, () => stop.abort(new Error('told to')), stop.signal)
  await expect(stopped).rejects.toThrow('told to')
  expect(existsSync(target)).toBe(false)
  expect(readdirSync(folder)).toEqual(['no.tar.gz'])
})

test('paths that lead outside are refused', async () => {
  const folder = newFolder()
  mkdirSync(path.join(folder, 'a'))
  writeFileSync(path.join(folder, 'evil'), 'x')
  const file = path.join(folder, 'evil.tar')
  await create({ file, cwd: path.join(folder, 'a'), preservePaths: true }, ['../evil'])
  const target = path.join(newFolder(), 'deep', 'videos')
  await expect(unpack(file, target)).rejects.toThrow(/could not unpack/)
  expect(existsSync(path.join(path.dirname(target), 'evil'))).toBe(false)
})
