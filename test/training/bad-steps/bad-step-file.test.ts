import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { badStepFile } from '../../../src/training/bad-steps/bad-step-file.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-bad-'))
afterAll(() => rmSync(folder, { recursive: true }))

const bad = (step: number) => ({
  step,
  fault: 'the loss is NaN',
  gradNorm: Infinity,
  videos: [{ video: 3, name: 'a.mp4', start: 5, timestep: 17, losses: { loss: NaN, mse: 0.5 } }],
})

it('notes bad steps, and takes back those after the step that is resumed', () => {
  const file = path.join(folder, 'bad-steps.jsonl')
  const note = badStepFile(file, 0)
  expect(existsSync(file)).toBe(false)
  note(bad(2))
  note(bad(5))
  const lines = () => readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual(
    [2, 5].map((step) => ({
      ...bad(step),
      gradNorm: 'Infinity',
      videos: [{ video: 3, name: 'a.mp4', start: 5, timestep: 17, losses: { loss: 'NaN', mse: 0.5 } }],
    })),
  )
  appendFileSync(file, '{"step":3,"fau')
  badStepFile(file, 4)(bad(5))
  expect(lines()).toHaveLength(2)
  expect(lines().map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([2, 5])
})

it('says so where it cannot write', () => {
  writeFileSync(path.join(folder, 'file'), '')
  const note = badStepFile(path.join(folder, 'other.jsonl'), 0)
  mkdirSync(path.join(folder, 'other.jsonl'))
  expect(() => note(bad(1))).toThrow(/could not write .*other\.jsonl: it is a folder/)
  expect(() => badStepFile(path.join(folder, 'file', 'x.jsonl'), 0)).toThrow(UserError)
})
