import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { splitCarla } from '../../src/data/split-carla.js'
import { temporaryFolders } from './temporary.js'

const newFolder = temporaryFolders()

function folderOf(numbers: readonly number[]): string {
  const folder = newFolder()
  for (const number of numbers) writeFileSync(path.join(folder, `video_${number}.pt`), '')
  return folder
}

test('the last 100 by number are for testing, as the original writes them', () => {
  // Numbers have gaps, and 9 comes before 10.
  const numbers = Array.from({ length: 103 }, (_, i) => 3 * i + 2)
  const folder = folderOf([...numbers].reverse())
  writeFileSync(path.join(folder, 'coords_2.npy'), '')
  expect(splitCarla(folder)).toMatchObject({ train: 3, test: 100 })
  expect(readFileSync(path.join(folder, 'video_train.csv'), 'utf8')).toBe(
    `,path\n0,${folder}/video_2.pt\n1,${folder}/video_5.pt\n2,${folder}/video_8.pt\n`,
  )
  const lines = readFileSync(path.join(folder, 'video_test.csv'), 'utf8').split('\n')
  expect(lines.slice(0, 2)).toEqual([',path', `3,${folder}/video_11.pt`])
  expect(lines.slice(100)).toEqual([`102,${folder}/video_308.pt`, ''])
})

test('paths are written as Python prints them', () => {
  const folder = folderOf(Array.from({ length: 101 }, (_, i) => i))
  splitCarla(`${folder}//./`)
  expect(readFileSync(path.join(folder, 'video_train.csv'), 'utf8')).toBe(`,path\n0,${folder}/video_0.pt\n`)
})

test('too few videos, names without number and numbers twice are errors', () => {
  const folder = folderOf(Array.from({ length: 100 }, (_, i) => i))
  expect(() => splitCarla(folder)).toThrow(/holds 100 videos .* 100 are for testing/)
  writeFileSync(path.join(folder, 'video_x.pt'), '')
  expect(() => splitCarla(folder)).toThrow(/video_x\.pt has no number/)
  const broken = folderOf([1])
  writeFileSync(path.join(broken, 'video_2_\n.pt'), '')
  expect(() => splitCarla(broken)).toThrow(/video_2_\n\.pt has no number/)
  const twice = folderOf([1])
  writeFileSync(path.join(twice, 'video_01.pt'), '')
  expect(() => splitCarla(twice)).toThrow(/same number/)
  expect(() => splitCarla(path.join(folder, 'absent'))).toThrow(/could not look into .*absent/)
})

test('lists of other videos are replaced only if asked for', () => {
  const folder = folderOf(Array.from({ length: 101 }, (_, i) => i))
  const list = path.join(folder, 'video_test.csv')
  writeFileSync(list, ',path\n0,video_0.pt\n')
  expect(() => splitCarla(folder)).toThrow(
    /video_test\.csv is there and lists other videos: give --overwrite/,
  )
  splitCarla(folder, true)
  // The same lists with other folders are no change.
  writeFileSync(list, readFileSync(list, 'utf8').replaceAll(folder, '/elsewhere'))
  splitCarla(folder)
  expect(readFileSync(list, 'utf8')).toContain(folder)
})
