import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { streamFileAtomic, writeFileAtomic, writeFully } from '../../src/files/write-file.js'
import { makeFolder, requireFolder } from '../../src/files/make-folder.js'
import { machineName } from '../../src/machine.js'
import { syncToDisk } from '../../src/files/sync-to-disk.js'
import { clearUnfinished, unfinishedFile } from '../../src/files/unfinished-files.js'
import { temporaryFolders } from '../data/temporary.js'

const newFolder = temporaryFolders()

/** The number of a process that is no more. */
const deadProcess = () => spawnSync('true').pid

/** The name of an unfinished file of another process, here or on another machine. */
function unfinishedOf(file: string, pid: number, machine?: string): string {
  const own = unfinishedFile(file).replace(`.${process.pid}.`, `.${pid}.`)
  return machine === undefined ? own : own.replace(/\.[\w@-]+(\.\d+\.[\d-]+\.tmp)$/, `.${machine}$1`)
}

test('what a killed process of this machine left is cleared when a file of the folder is begun', () => {
  const folder = newFolder()
  const file = path.join(folder, 'sample_0000-0.npy')
  const dead = deadProcess()
  const left = unfinishedOf(file, dead)
  const kept = [
    unfinishedOf(file, process.pid),
    unfinishedOf(file, process.ppid),
    unfinishedOf(file, dead, 'another-machine'),
    unfinishedOf(file, dead, 'another-machine@0123abcd'),
    path.join(folder, `.notes.${dead}.tmp`),
    path.join(folder, 'model000001.pt'),
  ]
  for (const name of [left, ...kept]) writeFileSync(name, '')
  writeFileAtomic(file, 'whole')
  expect(readdirSync(folder).sort()).toEqual([...kept, file].map((name) => path.basename(name)).sort())

  // Once in a folder and process: a folder of a hundred thousand samples is not read for each.
  writeFileSync(left, '')
  writeFileAtomic(file, 'again')
  expect(existsSync(left)).toBe(true)
  clearUnfinished(folder)
  expect(existsSync(left)).toBe(false)
  clearUnfinished(path.join(folder, 'not there'))

  // In a folder of one's own.
  clearUnfinished(folder, 'of all')
  const rest = kept.filter((name) => !name.includes('another-machine'))
  expect(readdirSync(folder).sort()).toEqual([...rest, file].map((name) => path.basename(name)).sort())
})

test.skipIf(process.platform === 'win32')('what a killed process left goes, whatever it is called', () => {
  const left = unfinishedOf(path.join(newFolder(), 'a\n\u2028.npy'), deadProcess())
  writeFileSync(left, '')
  clearUnfinished(path.dirname(left))
  expect(existsSync(left)).toBe(false)
})

test('what another machine of the same name has begun is kept while it may be at work on it', () => {
  const file = path.join(newFolder(), 'a.npy')
  const [fresh, old] = [1, 2].map(() => unfinishedOf(file, deadProcess(), `${machineName()}@0123abcd`))
  const othersOld = unfinishedOf(file, deadProcess(), 'another-machine@0123abcd')
  for (const name of [fresh, old, othersOld]) writeFileSync(name ?? '', '')
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400
  for (const name of [old, othersOld]) utimesSync(name ?? '', twoDaysAgo, twoDaysAgo)
  clearUnfinished(path.dirname(file))
  expect([fresh, old, othersOld].map((name) => existsSync(name ?? ''))).toEqual([true, false, true])
})

test('what cannot be synced, as folders of some disks, is left as it is', () => {
  expect(() => syncToDisk('/dev/null')).not.toThrow()
  expect(() => syncToDisk(path.join(newFolder(), 'no-such'))).toThrow(/ENOENT/)
})

test('two writers of one file in one process do not share an unfinished one', async () => {
  const file = path.join(newFolder(), 'a')
  await Promise.all(
    ['first', 'second'].map((content) =>
      streamFileAtomic(file, async (fd) => {
        for (const letter of content) {
          writeFully(fd, Buffer.from(letter))
          await new Promise(setImmediate)
        }
      }),
    ),
  )
  expect(['first', 'second']).toContain(readFileSync(file, 'utf8'))
})

test('a name of the greatest length can be written', () => {
  const file = path.join(newFolder(), '字'.repeat(85))
  writeFileAtomic(file, 'whole')
  expect(readFileSync(file, 'utf8')).toBe('whole')
  expect(() => writeFileAtomic(`${file}x`, '')).toThrow(/could not write .*: its name is too long/)
})

test('folders are made from the nearest that is there', () => {
  const folder = newFolder()
  makeFolder(path.join(folder, 'a/b/c'))
  makeFolder(path.join(folder, 'a/b'))
  expect(existsSync(path.join(folder, 'a/b/c'))).toBe(true)
})

test('a place that takes no folder, or is a file, is one line', () => {
  const file = path.join(newFolder(), 'file')
  writeFileSync(file, '')
  const failures: [string, RegExp][] = [
    ['/proc/no-such/videos/1_1.gif', /^\/proc takes no folders: name another place$/],
    [path.join(file, 'x'), /could not write .*x: a part of its path is a file/],
    [path.join(file, 'x/y'), /could not write .*y: a part of its path is a file/],
  ]
  for (const [place, message] of failures) {
    expect(() => writeFileAtomic(place, '')).toThrow(UserError)
    expect(() => writeFileAtomic(place, '')).toThrow(message)
  }
})

test('a folder that later files need is missed at once', () => {
  const folder = newFolder()
  requireFolder(path.join(folder, 'a/b'))
  expect(existsSync(path.join(folder, 'a/b'))).toBe(true)
  writeFileSync(path.join(folder, 'file'), '')
  for (const name of ['file', 'file/run'])
    expect(() => requireFolder(path.join(folder, name))).toThrow(
      /could not write to .*: a part of its path is a/,
    )
})

test('an error about another file is not told as one about this', async () => {
  const folder = newFolder()
  mkdirSync(path.join(folder, 'source'))
  const file = path.join(folder, 'a')
  const failed = streamFileAtomic(file, () => Promise.reject(readError(path.join(folder, 'source'))))
  await expect(failed).rejects.toThrow(/EISDIR/)
  await expect(failed).rejects.not.toThrow(/could not write/)
  expect(readdirSync(folder)).toEqual(['source'])
})

function readError(file: string): Error {
  return Object.assign(new Error(`EISDIR: illegal operation, open '${file}'`), { code: 'EISDIR', path: file })
}
