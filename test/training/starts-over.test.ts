import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { startRuntime } from '../../src/runtime/start.js'
import { train } from '../../src/training/train.js'
import { temporaryFolders } from '../data/temporary.js'
import { availableBackends } from '../helpers/backends.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const newFolder = temporaryFolders()
const [backend = 'wasm'] = availableBackends()
beforeAll(async () => {
  await startRuntime({ backend })
})

const dataset = fakeDataset({ videos: 3, T: 8, imageSize: 32 })
const LEFT = '{"step":0,"run_id":"town","num_parameters":5}\n{"step":10,"loss":1}\n'

/** The folder of all runs, with one in it that was killed before it saved anything. */
function rootWith(log: string): string {
  const root = newFolder()
  mkdirSync(path.join(root, 'town'))
  writeFileSync(path.join(root, 'town', 'log.jsonl'), log)
  writeFileSync(path.join(root, 'town', 'ema_0.9999_000010.pt'), 'its model was still to be written')
  return root
}

const begin = (root: string) =>
  train({
    config: smallConfig({ max_steps: 1, ema_rate: '0.9999' }),
    dataset,
    newRunId: 'town',
    startsOver: true,
    root,
    now: () => 0,
  })

it('a run that was stopped before it saved anything starts over, with a log as if it had just begun', async () => {
  const [whole, root] = [newFolder(), rootWith(LEFT)]
  await begin(whole)
  await begin(root)
  const files = (of: string) => readdirSync(path.join(of, 'town')).sort()
  expect(files(root)).toEqual([...files(whole), 'ema_0.9999_000010.pt'].sort())
  const log = (of: string) => readFileSync(path.join(of, 'town', 'log.jsonl'), 'utf8').split('\n')
  expect(log(root)[0]).toBe(log(whole)[0])
  expect(log(root)).toHaveLength(log(whole).length)
})

it('nothing is started over that has saved a model, or that has the log of another run', async () => {
  const saved = rootWith(LEFT)
  writeFileSync(path.join(saved, 'town', 'model000010.pt'), '')
  const other = /town is there already: resume it with --resume_id town/
  for (const [root, message] of [
    [saved, /town has checkpoints by now: start the same again/],
    [rootWith(LEFT.replace('town', 'city')), other],
    [rootWith('{"step":0}\n'), other],
  ] as const) {
    const before = readdirSync(path.join(root, 'town'))
    await expect(begin(root)).rejects.toThrow(message)
    expect(readdirSync(path.join(root, 'town'))).toEqual(before)
  }
})
