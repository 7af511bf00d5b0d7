import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands } from '../../scripts/commands.js'
import { runProgram } from '../../scripts/program.js'
import { writeNpy } from '../../src/data/npy.js'
import { tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { uniform } from '../helpers/golden.js'
import { writeLpipsWeights } from '../helpers/made-lpips.js'

const started = process.cwd()
const folder = mkdtempSync(path.join(os.tmpdir(), 'fdm-visualise-'))
const T = 12

beforeAll(() => {
  process.chdir(folder)
  const config = { dataset: 'mazes_cwvae', data_dir: 'mazes', image_size: 64, T, max_frames: 6 }
  writeTorchFile('model000001.pt', { state_dict: { w: tensor('float32', [1], [0]) }, config, step: 1 })
  for (const split of ['train', 'test'])
    for (const video of [0, 1]) {
      mkdirSync(path.join('mazes', split), { recursive: true })
      const data = Uint8Array.from(uniform(`maze ${video}`, T * 64 * 64 * 3), (u) => 256 * u)
      writeNpy(path.join('mazes', split, `${video}.npy`), { dtype: 'uint8', shape: [T, 64, 64, 3], data })
    }
})
afterAll(() => {
  process.chdir(started)
  rmSync(folder, { recursive: true })
})

/** What `fdm sample <checkpoint> --just_visualise <words>` prints. */
async function printed(...words: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = []
  const all = ['sample', 'model000001.pt', '--just_visualise', '--n_obs', '4', '--T', String(T), ...words]
  await runProgram(commands, all, {
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
    progress: () => ({ update: () => undefined, clear: () => undefined, stop: () => undefined }),
  })
  return lines
}

test('a plan is drawn without a tensor library', async () => {
  const file = 'visualisations/vis_autoreg_sampling-12-given-4_3-6-chunks'
  expect(await printed('--sampling_scheme', 'autoreg')).toEqual([`${file}.png`, `${file}.svg`])
  expect(readdirSync('visualisations')).toHaveLength(2)
  // The property by which TensorFlow.js, once loaded, marks its engine.
  expect(globalThis).not.toHaveProperty('_tfengine')
})

test('plans of adaptive schemes are drawn for each video asked for', async () => {
  const words = [
    '--sampling_scheme',
    'adaptive-autoreg',
    '--adaptive_features',
    'pixels',
    '--stop_index',
    '2',
  ]
  const files = [0, 1].flatMap((video) =>
    ['png', 'svg'].map(
      (kind) => `visualisations/vis_adaptive-autoreg_sampling-12-given-4_3-6-chunks_index-${video}.${kind}`,
    ),
  )
  expect(await printed(...words)).toEqual(files)
  expect(globalThis).not.toHaveProperty('_tfengine')
})

test('adaptive schemes compare frames by LPIPS unless told otherwise', async () => {
  const words = ['--sampling_scheme', 'adaptive-hierarchy-2', '--stop_index', '1', '--backend', 'wasm']
  await expect(printed(...words)).rejects.toThrow(
    /checkpoints\/lpips: it does not exist.*--adaptive_features pixels/,
  )
  mkdirSync('weights')
  writeLpipsWeights('weights', '')
  expect(await printed(...words, '--lpips_weights', 'weights')).toHaveLength(2)
})
