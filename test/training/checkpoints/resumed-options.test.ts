import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { tensor, writeTorchFile, type TorchInput } from '../../../src/torch-file/index.js'
import { resumedOptions } from '../../../src/training/checkpoints/resumed-options.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-options-'))
const checkpoint = path.join(root, 'old', 'model000010.pt')
const saved = {
  dataset: 'folder',
  data_dir: 'my-videos',
  image_size: 32,
  T: 24,
  max_frames: 8,
  num_channels: 64,
  predict_xstart: true,
  class_cond: false,
  dropout: 0.1,
  lr: 1e-3,
  batch_size: 4,
  max_steps: 10,
  num_heads: null,
  resume_checkpoint: 'elsewhere.pt',
  allow_changed_data: true,
  enforce_position_invariance: false,
}

beforeAll(() => {
  save(checkpoint, saved)
  writeFileSync(path.join(root, 'old', 'opt000010.pt'), '')
})
afterAll(() => rmSync(root, { recursive: true }))

function save(file: string, config: TorchInput): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeTorchFile(file, { state_dict: { w: tensor('float32', [1], [0]) }, config, step: 10 })
}

it('leaves a run that starts anew alone', () => {
  expect(resumedOptions({ lr: 1 }, root)).toEqual({ values: { lr: 1 }, checkpoint: undefined, changes: [] })
})

it.each(['resume_id', 'wandb_id'])('takes all that is not given from a run resumed by %s', (option) => {
  // Python's None, what that run itself went on from, what was allowed once, and what this program does not know.
  const left = ['num_heads', 'resume_checkpoint', 'allow_changed_data', 'enforce_position_invariance']
  const known = Object.fromEntries(Object.entries(saved).filter(([name]) => !left.includes(name)))
  const values = { ...known, [option]: 'old' }
  expect(resumedOptions({ [option]: 'old' }, root)).toEqual({ values, checkpoint, changes: [] })
})

it('takes both names of the precision as one', () => {
  const file = path.join(root, 'bf16', 'model000010.pt')
  save(file, { ...saved, use_fp16: true, precision: 'fp32' })
  writeFileSync(path.join(root, 'bf16', 'opt000010.pt'), '')
  expect(resumedOptions({ resume_id: 'bf16' }, root).values).toMatchObject({ use_fp16: true })
  const { values } = resumedOptions({ resume_id: 'bf16', precision: 'fp32' }, root)
  expect(values).toMatchObject({ precision: 'fp32' })
  expect(values).not.toHaveProperty('use_fp16')
  for (const other of ['fp32', 'tf32']) {
    const both = { use_fp16: true, precision: other }
    expect(() => resumedOptions(both, root)).toThrow(
      `--use_fp16 and --precision ${other} contradict each other`,
    )
  }
  expect(resumedOptions({ use_fp16: true, precision: 'bf16' }, root).changes).toEqual([])
})

it('lets what is given win, and tells what that changes', () => {
  const given = { resume_id: 'old', lr: 5e-4, batch_size: 4, dropout: 0, num_channels: 64, num_heads: 4 }
  const { values, changes } = resumedOptions(given, root)
  expect(values).toMatchObject({ ...given, dataset: 'folder', max_steps: 10 })
  expect(changes).toEqual([
    { name: 'dropout', saved: 0.1, given: 0 },
    { name: 'lr', saved: 1e-3, given: 5e-4 },
  ])
})

it('takes model and data, but not the course of training, from a checkpoint given by path', () => {
  expect(resumedOptions({ resume_checkpoint: checkpoint }, root).values).toEqual({
    dataset: 'folder',
    data_dir: 'my-videos',
    image_size: 32,
    T: 24,
    max_frames: 8,
    num_channels: 64,
    predict_xstart: true,
    class_cond: false,
    dropout: 0.1,
    resume_checkpoint: checkpoint,
  })
})

it('does not look for other data where the old ones were', () => {
  const { values } = resumedOptions({ resume_id: 'old', dataset: 'toy_town' }, root)
  expect(values).toMatchObject({ dataset: 'toy_town', image_size: 32 })
  expect(Object.keys(values)).not.toEqual(expect.arrayContaining(['data_dir']))
  expect(Object.keys(values)).not.toEqual(expect.arrayContaining(['T']))
})

it('lets class_cond be another one: it has no effect', () => {
  const { changes } = resumedOptions({ resume_checkpoint: checkpoint, class_cond: true }, root)
  expect(changes).toEqual([{ name: 'class_cond', saved: false, given: true }])
})

it.each([
  ['num_channels', 128, '64', '128'],
  ['image_size', 64, '32', '64'],
  ['predict_xstart', false, 'True', 'False'],
])('refuses another %s than the model has', (option, value, old, now) => {
  for (const source of [{ resume_id: 'old' }, { resume_checkpoint: checkpoint }])
    expect(() => resumedOptions({ ...source, [option]: value }, root)).toThrow(
      new UserError(
        `--${option} is ${old} in ${checkpoint}, not ${now}: ` +
          'a trained model keeps it; leave the option out, or start anew',
      ),
    )
})

it('refuses a run that is not there, an id that is a path, and a config that makes no sense', () => {
  expect(() => resumedOptions({ resume_id: 'none' }, root)).toThrow(/no checkpoint to resume in .*none/)
  expect(() => resumedOptions({ resume_id: '../../etc' }, root)).toThrow(/--resume_id takes a run id/)
  const odd = path.join(root, 'odd.pt')
  save(odd, { ...saved, dataset: 'robodesk' })
  expect(() => resumedOptions({ resume_checkpoint: odd }, root)).toThrow(
    `the config of ${odd}: --dataset takes one of`,
  )
  expect(resumedOptions({ resume_checkpoint: odd, dataset: 'minerl' }, root).values).toMatchObject({
    dataset: 'minerl',
  })
})
