import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  readCheckpointFile,
  readTorchFile,
  TorchTensor,
  writeTorchFile,
  type TorchValue,
} from '../../src/torch-file/index.js'
import { GOLDEN, summary } from '../helpers/golden.js'
import { temporaryFolder } from '../torch-file/handmade.js'

/** What a tensor must be. The values come from PyTorch; sums in float64 differ by their order alone. */
interface ExpectedTensor {
  readonly dtype: string
  readonly shape: number[]
  readonly summary: number[]
  readonly first?: number[]
}
type ExpectedTensors = Record<string, ExpectedTensor>
interface ExpectedCheckpoint {
  readonly tensors: ExpectedTensors
  readonly config: Record<string, unknown>
  readonly step: number
}
interface ExpectedFiles extends ExpectedCheckpoint {
  readonly video: ExpectedTensor
  readonly optimizer: Record<string, ExpectedTensors>
  readonly param_groups: unknown[]
  readonly optimal_schedule: Record<string, number[]>
}

const FOLDER = path.join(GOLDEN, 'torch')
const names = existsSync(FOLDER) ? readdirSync(FOLDER) : []
const versionsOf = (kind: string) =>
  names.flatMap((name) => new RegExp(`^${kind}-(.+)\\.json$`).exec(name)?.[1] ?? [])
const scratch = temporaryFolder()

/** Each file is checked twice: as PyTorch wrote it, and as we write what we read from it. */
const WAYS: readonly [string, (name: string) => string][] = [
  ['read', (name) => path.join(FOLDER, name)],
  [
    'written and read again',
    (name) => {
      const copy = path.join(scratch, name)
      writeTorchFile(copy, readTorchFile(path.join(FOLDER, name)))
      return copy
    },
  ],
]

test.skipIf(names.length === 0)('the folder has manifests', () => {
  expect([...versionsOf('torch'), ...versionsOf('checkpoint')]).not.toEqual([])
})

describe.each(versionsOf('torch'))('files of PyTorch %s', (version) => {
  const expected = readManifest(`torch-${version}.json`) as ExpectedFiles

  describe.each(WAYS)('%s', (_, open) => {
    test.each(['zip', 'legacy'])('%s format', (format) => {
      checkCheckpoint(open(`${format}-${version}.pt`), expected)
    })

    test('video', () => {
      checkTensor('video', readTorchFile(open(`video_0-${version}.pt`)), expected.video)
    })

    test('optimal schedule', () => {
      const schedule = readTorchFile(open(`optimal_schedule-${version}.pt`))
      expect(schedule).toBeInstanceOf(Map)
      expect(Object.fromEntries(schedule as Map<number, TorchValue>)).toEqual(expected.optimal_schedule)
    })

    test('optimizer', () => {
      const file = readTorchFile(open(`opt-${version}.pt`)) as {
        state: Map<number, Record<string, TorchValue>>
        param_groups: TorchValue[]
      }
      expect(file.param_groups).toEqual(expected.param_groups)
      expect([...file.state.keys()].map(String)).toEqual(Object.keys(expected.optimizer))
      for (const [parameter, state] of file.state) {
        const wanted = expected.optimizer[parameter] ?? {}
        expect(Object.keys(state).sort()).toEqual(Object.keys(wanted).sort())
        for (const [name, value] of Object.entries(wanted)) checkTensor(name, state[name], value)
      }
    })
  })
})

describe.each(versionsOf('checkpoint'))('checkpoints of the training program, PyTorch %s', (version) => {
  const expected = readManifest(`checkpoint-${version}.json`) as ExpectedCheckpoint
  const files = names.filter((name) => name.startsWith('checkpoint-') && name.endsWith(`-${version}.pt`))

  test('there are files', () => expect(files).not.toEqual([]))

  describe.each(files)('%s', (name) => {
    test.each(WAYS)('%s', (_, open) => checkCheckpoint(open(name), expected))
  })
})

function checkCheckpoint(file: string, expected: ExpectedCheckpoint): void {
  const { stateDict, config, step } = readCheckpointFile(file)
  expect([...stateDict.keys()]).toEqual(Object.keys(expected.tensors))
  for (const [name, tensor] of Object.entries(expected.tensors))
    checkTensor(name, stateDict.get(name), tensor)
  expect(config).toEqual(expected.config)
  expect(step).toBe(expected.step)
}

function checkTensor(name: string, value: unknown, expected: ExpectedTensor): void {
  if (!(value instanceof TorchTensor)) throw new Error(`${name} is no tensor`)
  expect([name, value.dtype, value.shape]).toEqual([name, expected.dtype, expected.shape])
  const numbers = value.numbers()
  const actual = summary('t', numbers, value.shape)
  const scale = Math.sqrt(expected.summary[1] ?? 0)
  expected.summary.forEach((wanted, i) => {
    const tolerance = 1e-9 * Math.max(Math.abs(wanted), scale, 1e-30)
    expect(Math.abs((actual[i] ?? NaN) - wanted), `${name}, summary ${i}`).toBeLessThanOrEqual(tolerance)
  })
  if (expected.first) expect(Array.from(numbers.slice(0, expected.first.length))).toEqual(expected.first)
}

function readManifest(name: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'))
}
