import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { checkpointFileNames, findResume } from '../../../src/training/checkpoints/checkpoint-files.js'
import { finishRemoving, keepNewest } from '../../../src/training/checkpoints/keep-newest.js'

const [removed, read] = vi.hoisted((): [string[], string[]] => [[], []])

vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const rmSync: typeof actual.rmSync = (file, options) => {
    removed.push(String(file))
    actual.rmSync(file, options)
  }
  const readdirSync = (folder: string) => {
    read.push(folder)
    return actual.readdirSync(folder)
  }
  return { ...actual, rmSync, readdirSync }
})

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fdm-keep-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const touch = (...names: readonly string[]) => {
  for (const name of names) writeFileSync(path.join(folder, name), '')
}
const namesOf = (step: number, rates: readonly number[]) => {
  const { model, ema, optimizer, state } = checkpointFileNames(step, rates)
  return [model, ...ema, optimizer, state]
}
const left = () => readdirSync(folder).sort()

it('removes whole sets, averages of all rates included, and keeps the newest', () => {
  for (const step of [10, 20, 30, 1_000_000]) touch(...namesOf(step, [0.9, 1]))
  touch('log.jsonl', 'notes.txt')
  expect(keepNewest(folder, 2, [0.9, 1])).toEqual([10, 20])
  expect(left()).toEqual(
    [...namesOf(30, [0.9, 1]), ...namesOf(1_000_000, [0.9, 1]), 'log.jsonl', 'notes.txt'].sort(),
  )
  expect(keepNewest(folder, 2, [0.9, 1])).toEqual([])
})

it('removes the models first: what is left of a set when it is killed is none to resume', () => {
  for (const step of [10, 20, 30]) touch(...namesOf(step, [0.9]))
  removed.length = 0
  keepNewest(folder, 1, [0.9])
  const names = removed.map((file) => path.basename(file)).filter((name) => !name.startsWith('.'))
  expect(names.slice(0, 2)).toEqual(['model000010.pt', 'model000020.pt'])
  expect(new Set(names).size).toBe(8)
})

it('looks into the folder once, however many sets there are', () => {
  for (let step = 1; step <= 20; step++) touch(...namesOf(step, [0.9]))
  read.length = 0
  expect(findResume(folder, [0.9]).step).toBe(20)
  expect(read).toEqual([folder])
  // Writing the list of what goes has a process's first look for what others have left unfinished.
  expect(keepNewest(folder, 3, [0.9])).toHaveLength(17)
  read.length = 0
  expect(keepNewest(folder, 2, [0.9])).toEqual([18])
  expect(read).toEqual([folder])
})

it('keeps all with 0, and with more than there are', () => {
  for (const step of [10, 20]) touch(...namesOf(step, [0.9]))
  for (const keep of [0, 2, 5]) expect(keepNewest(folder, keep, [0.9])).toEqual([])
  expect(left()).toHaveLength(8)
})

it('never counts a set that cannot be resumed among those to keep', () => {
  for (const step of [10, 20]) touch(...namesOf(step, [0.9]))
  // Newer, but without the average that the others have.
  touch('model000030.pt', 'opt000030.pt')
  expect(keepNewest(folder, 1, [0.9])).toEqual([10])
  expect(findResume(folder, [0.9]).step).toBe(20)
  expect(left()).toContain('model000030.pt')
})

it('leaves averages that somebody kept alone, and what a killed process has half written', () => {
  touch('ema_0.9_000010.pt', 'state000010.json')
  for (const step of [20, 30]) touch(...namesOf(step, [0.9]))
  touch('state000040.json', 'ema_0.9_000040.pt')
  expect(keepNewest(folder, 1, [0.9])).toEqual([20])
  expect(left()).toEqual(
    [
      'ema_0.9_000010.pt',
      'state000010.json',
      ...namesOf(30, [0.9]),
      'state000040.json',
      'ema_0.9_000040.pt',
    ].sort(),
  )
})

it('comes to the end of what a killed process was removing', () => {
  for (const step of [10, 20, 30]) touch(...namesOf(step, [0.9]))
  const [model, ...others] = namesOf(10, [0.9])
  rmSync(path.join(folder, model ?? ''))
  writeFileSync(path.join(folder, '.removing.json'), JSON.stringify([model, ...others]))
  finishRemoving(folder, [0.9])
  expect(left()).toEqual([...namesOf(20, [0.9]), ...namesOf(30, [0.9])].sort())
  finishRemoving(folder, [0.9])
})

it('leaves the set to go on from alone, when the ones that took its place were moved away', () => {
  for (const step of [10, 20]) touch(...namesOf(step, [0.9]))
  const listed = [...namesOf(10, [0.9]), ...namesOf(20, [0.9])]
  writeFileSync(path.join(folder, '.removing.json'), JSON.stringify(listed))
  finishRemoving(folder, [0.9])
  expect(left()).toEqual(namesOf(20, [0.9]).sort())
})

it('removes sets of earlier rates once there are enough of the present ones', () => {
  for (const step of [10, 20]) touch(...namesOf(step, [0.9]))
  touch(...namesOf(30, [0.99]))
  expect(keepNewest(folder, 1, [0.99])).toEqual([10, 20])
  expect(left()).toEqual(namesOf(30, [0.99]).sort())
})

it('removes files of PyTorch and of names with other numbers of digits', () => {
  touch('model5.pt', 'opt000005.pt', 'ema_0.9_5.pt')
  touch(...namesOf(20, [0.9]))
  expect(keepNewest(folder, 1, [0.9])).toEqual([5])
  expect(left()).toEqual(namesOf(20, [0.9]).sort())
})
