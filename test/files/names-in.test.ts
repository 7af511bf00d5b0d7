import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { namesIn } from '../../src/files/names-in.js'
import { removeIfEmpty } from '../../src/files/remove-if-empty.js'
import { readJsonRecord } from '../../src/sampling/results/json-record.js'
import { temporaryFolders } from '../data/temporary.js'

const newFolder = temporaryFolders()

/** A place that cannot be looked into, whoever one is. */
function unreadable(): string {
  const loop = path.join(newFolder(), 'loop')
  symlinkSync('loop', loop)
  return loop
}

test('a folder that cannot be looked into is named, one that is not there holds nothing', () => {
  const loop = unreadable()
  expect(() => namesIn(loop)).toThrow(`could not read ${loop}: its symbolic links lead round in a circle`)
  expect(() => namesIn(loop)).toThrow(UserError)
  expect(namesIn(path.join(newFolder(), 'none'))).toEqual([])
})

test('a JSON file that cannot be read is named', () => {
  const folder = newFolder()
  expect(() => readJsonRecord(folder)).toThrow(`could not read ${folder}: it is a folder`)
  expect(() => readJsonRecord(folder)).toThrow(UserError)
})

test('an empty folder is removed, one that holds something or that nobody can remove stays', () => {
  const [empty, full] = [newFolder(), newFolder()]
  writeFileSync(path.join(full, 'file'), '')
  mkdirSync(path.join(empty, 'inner'))
  removeIfEmpty(path.join(empty, 'inner'))
  expect(existsSync(path.join(empty, 'inner'))).toBe(false)
  removeIfEmpty(full)
  expect(existsSync(full)).toBe(true)
  expect(() => removeIfEmpty(path.join(unreadable(), 'inner'))).not.toThrow()
})
