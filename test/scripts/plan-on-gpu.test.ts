import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { commands } from '../../scripts/commands.js'
import { runProgram } from '../../scripts/program.js'
import { tf } from '../../src/runtime/tf.js'
import { ownBinding } from '../helpers/own-binding.js'
import { writeCheckpoint } from './plan-checkpoint.js'

const memory = vi.hoisted(() => ({ used: [] as number[], isFull: false }))

// The processor computes, and says that it is a GPU, of which other programs have some memory.
vi.mock(import('../../src/runtime/native-extension.js'), async (original) => ({
  ...(await original()),
  computesOnGpu: () => true,
}))
vi.mock(import('../../src/runtime/devices.js'), async (original) => ({
  ...(await original()),
  graphicsMemoryUsed: () => memory.used.shift(),
}))
vi.mock(import('../../src/sampling/stages/measure-call.js'), async (original) => {
  const { measureCall } = await original()
  return {
    measureCall: (...call) =>
      memory.isFull ? Promise.reject(new Error('out of memory')) : measureCall(...call),
  }
})

async function planned(
  used: readonly number[],
  ...more: readonly string[]
): Promise<Readonly<Record<string, number>>> {
  memory.used = [...used]
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-plan-gpu-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const checkpoint = path.join(folder, 'model000007.pt')
  writeCheckpoint(checkpoint)
  const lines: string[] = []
  const words = [
    '--sampling_scheme',
    'autoreg',
    '--checkpoint',
    checkpoint,
    '--n_obs',
    '2',
    '--T',
    '6',
    '--json',
  ]
  await runProgram(commands, ['plan', ...words, '--batch_size', '1', ...more], {
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
    progress: () => {
      throw new Error('planning needs no progress bar')
    },
  })
  return JSON.parse(lines[0] ?? '') as Readonly<Record<string, number>>
}

it.runIf(ownBinding)('measures what a call takes of GPU memory', async () => {
  expect((await planned([1e9, 3.5e9])).gpu_memory_bytes).toBe(2.5e9)
  // Another program has ended meanwhile, or the driver does not tell.
  expect(await planned([3e9, 1e9])).not.toHaveProperty('gpu_memory_bytes')
  expect(await planned([])).not.toHaveProperty('gpu_memory_bytes')
})

it.runIf(ownBinding)('leaves no tensors where measuring fails', async () => {
  await planned([])
  const { numTensors } = tf.memory()
  memory.isFull = true
  await expect(planned([])).rejects.toThrow('out of memory')
  expect(tf.memory().numTensors).toBe(numTensors)
})
