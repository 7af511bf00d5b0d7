import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { costLines } from '../../scripts/plan-lines.js'
import { commands } from '../../scripts/commands.js'
import { runProgram } from '../../scripts/program.js'
import { writeCheckpoint } from './plan-checkpoint.js'

const folder = mkdtempSync(path.join(os.tmpdir(), 'fdm-plan-'))
const checkpoint = path.join(folder, 'model000007.pt')
afterAll(() => rmSync(folder, { recursive: true }))

/** What `fdm plan <words>` prints. */
async function printed(...words: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = []
  await runProgram(commands, ['plan', ...words], {
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
    progress: () => {
      throw new Error('planning needs no progress bar')
    },
  })
  return lines
}

const autoreg = ['--sampling_scheme', 'autoreg', '--T', '10', '--n_obs', '4', '--max_frames', '6']

test('prints stages and calls', async () => {
  expect(await printed(...autoreg, '--max_latent_frames', '4')).toEqual([
    'autoreg: 10 frames from the first 4 frames, at most 6 at once, 4 of them new',
    'stage   0: 4-7 from 2-3',
    'stage   1: 8-9 from 6-7',
    '2 stages of 1000 steps: 2000 calls of the network per 8 videos',
  ])
})

test('prints plain data as JSON, and nothing else', async () => {
  const [json, ...more] = await printed(...autoreg, '--json', '--timestep_respacing', 'ddim50')
  expect(more).toEqual([])
  expect(JSON.parse(json ?? '')).toEqual({
    sampling_scheme: 'autoreg',
    T: 10,
    observed: 4,
    max_frames: 6,
    max_latent_frames: 3,
    stages: [
      { observed: [1, 2, 3], num_observed: 3, latent: [4, 5, 6] },
      { observed: [4, 5, 6], num_observed: 3, latent: [7, 8, 9] },
    ],
    batch_size: 8,
    diffusion_steps: 50,
    network_calls: 100,
  })
})

test('shows what stages are conditioned on with an optimised schedule', async () => {
  const file = path.join(folder, 'schedule.json')
  writeFileSync(file, '{"0": [0, 1, 3], "1": [2, 5]}')
  const words = [...autoreg, '--optimality', 'linspace-t']
  expect(await printed(...words, '--optimal_schedule', file)).toContain('stage   1: 7-9 from 2,5')
  await expect(printed(...words)).rejects.toThrow(/without a checkpoint, name the schedule/)
})

test('of an adaptive scheme says what is known beforehand', async () => {
  const words = ['--sampling_scheme', 'adaptive-autoreg', '--T', '8', '--n_obs', '0', '--max_frames', '6']
  const lines = await printed(...words)
  expect(lines.slice(1, 3)).toEqual([
    'stage   0: 0-5 from nothing',
    'stage   1: 6-7 from 3 frames chosen by what they look like',
  ])
  const [json = ''] = await printed(...words, '--json')
  expect(JSON.parse(json)).toMatchObject({
    stages: [{ observed: [] }, { observed: null, num_observed: 3, latent: [6, 7] }],
  })
})

test('counts what an adaptive scheme keeps of frames to compare them', async () => {
  writeCheckpoint(checkpoint)
  const words = ['--checkpoint', checkpoint, '--measure', 'False', '--n_obs', '4', '--batch_size', '2']
  const adaptive = [...words, '--sampling_scheme', 'adaptive-autoreg']
  const [json = ''] = await printed(...adaptive, '--json')
  // AlexNet on 32x32 pixels: 7x7 places, pooled to 3x3, pooled to 1.
  const numbers = 7 * 7 * 64 + 3 * 3 * 192 + 384 + 256 + 256
  expect(JSON.parse(json)).toMatchObject({
    T: 100,
    adaptive_features: 'lpips',
    embedding_bytes: 2 * 100 * numbers * 4,
    distance_bytes: 2 * 100 * 100 * 12,
  })
  expect(await printed(...adaptive)).toContain(
    'memory: LPIPS embeddings of frames 5 MB, distances of frames 0.2 MB',
  )
  const [pixels = ''] = await printed(...adaptive, '--adaptive_features', 'pixels', '--json')
  expect(JSON.parse(pixels)).toMatchObject({ embedding_bytes: 2 * 100 * 8 * 8 * 3 * 4 })
  const [fixed = ''] = await printed(...words, '--sampling_scheme', 'autoreg', '--json')
  expect(JSON.parse(fixed)).not.toHaveProperty('embedding_bytes')
})

test('says what is in GPU memory', () => {
  const cost = { batch_size: 2, diffusion_steps: 3, network_calls: 6, adaptive_features: 'lpips' } as const
  const bytes = {
    embedding_bytes: 5.1e8,
    distance_bytes: 1.6e7,
    peak_memory_bytes: 1e9,
    gpu_memory_bytes: 2e9,
  }
  expect(costLines({ ...cost, ...bytes, embeddings_on_gpu: true }).at(-1)).toBe(
    'memory: LPIPS embeddings of frames 510 MB of GPU memory, distances of frames 16 MB, main memory of this process at most 1000 MB until now, taken of GPU memory 2000 MB',
  )
})

test('draws the plan', async () => {
  for (const file of ['plan.png', 'plan.svg'].map((name) => path.join(folder, name))) {
    await printed(...autoreg, '--picture', file)
    expect(readFileSync(file).length).toBeGreaterThan(100)
  }
})

test('says what is missing or cannot work', async () => {
  await expect(printed('--sampling_scheme', 'autoreg', '--max_frames', '6')).rejects.toThrow('--T is missing')
  await expect(printed('--sampling_scheme', 'autoreg', '--T', '50')).rejects.toThrow('give --max_frames')
  await expect(printed(...autoreg, '--max_latent_frames', '6')).rejects.toThrow('no room to condition on')
  const without = autoreg.filter((word) => word !== '--n_obs' && word !== '4')
  await expect(printed(...without, '--obs_frames', '0,20')).rejects.toThrow('frame 20 cannot be observed')
  await expect(printed(...autoreg, '--picture', 'plan.jpg')).rejects.toThrow('ends in .png or .svg')
})

test('warns of steps that leave out the noisiest ones', async () => {
  writeCheckpoint(checkpoint)
  const plan = [
    '--sampling_scheme',
    'autoreg',
    '--checkpoint',
    checkpoint,
    '--measure',
    'False',
    '--n_obs',
    '4',
  ]
  const words = [...plan, '--diffusion_steps', '1000', '--timestep_respacing']
  const warning = '--timestep_respacing 10,0 leaves out all steps after 499 of 0 to 999'
  expect((await printed(...words, '10,0')).at(-1)).toContain(`warning: ${warning}`)
  const [json = '', ...more] = await printed(...words, '10,0', '--json')
  expect(more).toEqual([])
  expect((JSON.parse(json) as { warning: string }).warning).toContain(warning)
  expect((await printed(...words, '0,10')).join()).not.toContain('warning')
})

test('loads no tensor library without a checkpoint, or to plan without measuring', async () => {
  writeCheckpoint(checkpoint)
  await printed('--sampling_scheme', 'autoreg', '--checkpoint', checkpoint, '--measure', 'False')
  // The property by which TensorFlow.js, once loaded, marks its engine.
  expect(globalThis).not.toHaveProperty('_tfengine')
})

test('takes defaults from a checkpoint, and measures a call with it', async () => {
  const words = [
    '--sampling_scheme',
    'autoreg',
    '--checkpoint',
    checkpoint,
    '--n_obs',
    '2',
    '--batch_size',
    '1',
  ]
  const [json = ''] = await printed(...words, '--json', '--backend', 'wasm')
  const plan = JSON.parse(json) as Readonly<Record<string, number>>
  expect(plan).toMatchObject({ T: 100, max_frames: 4, max_latent_frames: 2, diffusion_steps: 3 })
  expect(plan.network_calls).toBe(49 * 3)
  expect(plan.seconds_per_call).toBeGreaterThan(0)
  expect(plan.seconds_per_batch).toBeGreaterThan(49 * 2 * (plan.seconds_per_call ?? Infinity))
  expect(plan.frame_bytes).toBe(100 * 32 * 32 * 3 * 5)
  expect(plan.peak_memory_bytes).toBeGreaterThan(plan.parameter_bytes ?? Infinity)
  expect(plan).not.toHaveProperty('gpu_memory_bytes')
})
