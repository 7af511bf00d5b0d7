import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runRegressorTraining } from '../../scripts/run-regressor-training.js'
import type { Terminal } from '../../scripts/terminal.js'
import { writeNpy } from '../../src/data/npy.js'
import { tf } from '../../src/runtime/tf.js'
import { tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { availableBackends } from '../helpers/backends.js'

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'fdm-regressor-')))
const before = process.cwd()
beforeAll(() => process.chdir(folder))
afterAll(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true })
})

/** A video of two frames of 32 pixels, to train and to test on. */
function makeData(): string {
  mkdirSync('data')
  writeTorchFile('data/video_0.pt', tensor('uint8', [2, 32, 32, 3], new Uint8Array(2 * 32 * 32 * 3)))
  writeNpy('data/coords_0.npy', { dtype: 'float64', shape: [2, 3], data: Float64Array.of(10, 10, 0, 60, 90, 0) }) // prettier-ignore
  for (const split of ['train', 'test']) writeFileSync(`data/video_${split}.csv`, ',path\n0,video_0.pt\n')
  return 'data'
}

/** A terminal that fails when a line of it begins with `at`. */
function terminalOf(lines: string[], at = '\n'): Terminal {
  return {
    signal: new AbortController().signal,
    log(line) {
      lines.push(line)
      if (line.startsWith(at)) throw new Error('the screen is gone')
    },
    progress: () => ({ update: () => undefined, clear: () => undefined, stop: () => undefined }),
  }
}

describe.runIf(availableBackends().includes('tensorflow'))('regressor-train', () => {
  it('leaves no tensors, whether it ends or fails', async () => {
    const given = { data_dir: makeData(), model: 'resnet18', batch_size: 2, num_epochs: 1 }
    const lines: string[] = []
    await runRegressorTraining({ given, newRunId: 'a' }, terminalOf(lines))
    expect(lines.at(-1)).toMatch(/^1 epoch done, 1 step; more with: npx fdm regressor-train --resume_id a/)
    expect(tf.memory().numTensors).toBe(0)

    const goesOn = { resume_id: 'a', num_epochs: 2 }
    const failing = runRegressorTraining({ given: goesOn, newRunId: 'a' }, terminalOf(lines, 'epoch 1'))
    await expect(failing).rejects.toThrow('the screen is gone')
    expect(lines.at(-1)).toMatch(/^step \d is saved; go on from it with/)
    expect(tf.memory().numTensors).toBe(0)

    const other = runRegressorTraining({ given: { ...goesOn, seed: 4 }, newRunId: 'a' }, terminalOf(lines))
    await expect(other).rejects.toThrow('--seed is 0 in run a, and stays so')
  })
})
