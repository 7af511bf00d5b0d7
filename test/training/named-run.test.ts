import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { namedRun } from '../../src/training/named-run.js'
import { temporaryFolders } from '../data/temporary.js'

const newFolder = temporaryFolders()
const given = { dataset: 'toy_town', resume_checkpoint: 'elsewhere/ema_0.9_000100.pt', lr: 1e-3 }

test('a named run begins as it is asked to, and is gone on with once it has saved a model', () => {
  const root = newFolder()
  expect(namedRun('town', given, root)).toEqual(given)
  mkdirSync(path.join(root, 'town'))
  writeFileSync(path.join(root, 'town', 'log.jsonl'), '')
  writeFileSync(path.join(root, 'town', 'ema_0.9_000010.pt'), '')
  expect(namedRun('town', given, root)).toEqual(given)
  writeFileSync(path.join(root, 'town', 'model000010.pt'), '')
  expect(namedRun('town', given, root)).toEqual({ dataset: 'toy_town', lr: 1e-3, resume_id: 'town' })
  expect(namedRun('city', given, root)).toEqual(given)
})

test('what is no name, or one of two, is an error', () => {
  for (const name of ['../town', 'a/b', '.town', '-x'])
    expect(() => namedRun(name, given, newFolder())).toThrow(/^--run_id takes a run id/)
  for (const other of ['resume_id', 'wandb_id']) {
    const both = () => namedRun('town', { [other]: 'city' }, newFolder())
    expect(both).toThrow(UserError)
    expect(both).toThrow(`--run_id and --${other} both name a run: give one`)
  }
})
