import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { provide, withCache } from '../../src/setup/provide.js'
import { temporaryFolder } from './fakes.js'

const never = () => {
  throw new Error('nothing to wait for')
}

it('makes a thing once', async () => {
  const cache = temporaryFolder()
  const make = (temporary: string) => writeFile(temporary, 'made')
  const file = await withCache(cache, never, () => provide(cache, 'thing', make))
  expect(readFileSync(file, 'utf8')).toBe('made')
  const again = () => Promise.reject(new Error('made twice'))
  expect(await withCache(cache, never, () => provide(cache, 'thing', again))).toBe(file)
})

it('leaves nothing behind when making fails', async () => {
  const cache = temporaryFolder()
  const fail = (temporary: string) => {
    writeFileSync(temporary, 'half')
    return Promise.reject(new Error('no more'))
  }
  await expect(withCache(cache, never, () => provide(cache, 'thing', fail))).rejects.toThrow('no more')
  expect(readdirSync(cache)).toEqual([])
})

it('does not take what a killed process left for whole', async () => {
  const cache = temporaryFolder()
  mkdirSync(path.join(cache, 'unfinished/thing'), { recursive: true })
  writeFileSync(path.join(cache, 'unfinished/thing/half'), '')
  const folder = await withCache(cache, never, () => provide(cache, 'thing', (temporary) => mkdir(temporary)))
  expect(readdirSync(folder)).toEqual([])
  expect(existsSync(path.join(cache, 'unfinished'))).toBe(false)
})

it('lets one at a time work on the folder', async () => {
  const cache = temporaryFolder()
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`${name} begins`)
    await sleep(300)
    log.push(`${name} ends`)
  }
  const first = withCache(cache, never, work('first'))
  await sleep(100)
  await withCache(cache, () => log.push('second waits'), work('second'))
  await first
  expect(log).toEqual(['first begins', 'second waits', 'first ends', 'second begins', 'second ends'])
})

it('says which folder cannot be made', async () => {
  const file = path.join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const attempt = withCache(path.join(file, 'cache'), never, () => Promise.resolve())
  await expect(attempt).rejects.toThrow(UserError)
  await expect(attempt).rejects.toThrow(file)
})
