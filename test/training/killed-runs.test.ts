import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { hostRandom } from '../../src/random.js'
import { startRuntime } from '../../src/runtime/start.js'
import { readCheckpointFile } from '../../src/torch-file/index.js'
import { findResume } from '../../src/training/checkpoints/checkpoint-files.js'
import { availableBackends } from '../helpers/backends.js'
import { onGpu } from '../helpers/on-gpu.js'
import { spawnModule } from '../helpers/spawn-module.js'
import { runChild, type ChildRun } from './run-child.js'

// A process that trains is killed again and again, at a random change of a file (a save of this run makes some
// 40) or a random time after a save, and in the end has what one has that was never stopped. All compute on processors,
// also where there is a GPU: the same steps give the same bits there alone.

/** With `FDM_SLOW_TESTS` more of everything. */
const SLOW = Boolean(process.env.FDM_SLOW_TESTS)
const KILLS = SLOW ? 25 : 3
const STEPS = SLOW ? 12 : 4
/** Decides when. */
const SEED = Number(process.env.FDM_KILL_SEED ?? 1)
const CHANGES_OF_A_STEP = 50
const LONGEST_WAIT = 400

const BACKEND = availableBackends()[0] ?? 'wasm'
beforeAll(() => startRuntime({ backend: BACKEND }))

const root = mkdtempSync(path.join(tmpdir(), 'fdm-killed-'))
afterAll(() => rmSync(root, { recursive: true }))

const options = {
  max_steps: STEPS,
  log_interval: 2,
  save_interval: 1,
  sample_interval: 2,
  keep: 2,
  ...(SLOW && { batch_size: 2, microbatch: 1 }),
  weight_decay: 0.01,
  lr_anneal_steps: 100,
  ema_rate: '0.9,0.5',
  dropout: 0.1,
  schedule_sampler: 'loss-second-moment',
  noise_schedule: 'cosine',
  diffusion_steps: 4,
  max_bad_steps: 0,
} as const

it(
  `killed ${KILLS} times, a run ends as if it had never stopped`,
  async () => {
    const limit = await someNorm()
    const config = { ...options, skip_grad_norm: limit }
    await run('whole', config)

    const random = hostRandom('kills', SEED)
    let kills = 0
    while (kills < KILLS) {
      const resume = isResumable('killed')
      if (!resume) rmSync(path.join(root, 'killed'), { recursive: true, force: true })
      const next = childOf('killed', { ...config, ...(resume && { resume_id: 'killed' }) })
      const inSave = random.uniform() < 0.6
      const child = start({
        ...next,
        ...(inSave && { killedAtChange: random.integer(1, 2 * CHANGES_OF_A_STEP) }),
      })
      const wait = random.uniform() * LONGEST_WAIT
      if (!inSave) child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), wait))
      if ((await ended(child)) === 'ended') break
      kills++
    }
    if (isResumable('killed')) await ended(start(childOf('killed', { ...config, resume_id: 'killed' })))
    else await ended(start(childOf('killed', config)))
    expect(kills).toBeGreaterThan(1)

    const [a, b] = ['whole', 'killed'].map((run) => path.join(root, run)) as [string, string]
    const names = readdirSync(a).sort()
    expect(names).toContain('bad-steps.jsonl')
    if (SLOW) expect(names).toContain('preview2.bin')
    // What processes left that were killed while they wrote is cleared away by the next one.
    expect(readdirSync(b).sort()).toEqual(names)
    for (const name of names) {
      const [one, other] = [path.join(a, name), path.join(b, name)]
      // The configurations differ in `resume_id`.
      if (/^(model|ema)/.test(name)) expect(weightsOf(other).equals(weightsOf(one)), name).toBe(true)
      else expect(contentOf(other), name).toEqual(contentOf(one))
    }
  },
  SLOW ? 1_800_000 : 300_000,
)

/** A norm of the gradient that some steps are above of, and are skipped for: the largest of a few, but for a little. */
async function someNorm(): Promise<number> {
  await run('free', { ...options, log_interval: 1, max_steps: 2 })
  const lines = readFileSync(path.join(root, 'free', 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  const norms = lines.map((line) => (JSON.parse(line) as { grad_norm?: number }).grad_norm ?? 0)
  return 0.999 * Math.max(...norms)
}

/** A run that nobody stops: in this process, unless that computes on a GPU. */
async function run(runId: string, config: ChildRun['config']): Promise<void> {
  if (onGpu) await ended(start(childOf(runId, config)))
  else await runChild(childOf(runId, config))
}

function childOf(runId: string, config: ChildRun['config']): ChildRun {
  return { backend: BACKEND, ...(onGpu && { device: 'cpu' }), root, runId, config, previews: SLOW }
}

function start(childRun: ChildRun) {
  return spawnModule(new URL('./child-run.ts', import.meta.url), { FDM_CHILD_RUN: JSON.stringify(childRun) })
}

/** Waits for a process that ends by itself or is killed: anything else is an error. */
async function ended(child: ReturnType<typeof start>): Promise<'ended' | 'killed'> {
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.stdout.resume()
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (signal === 'SIGKILL') return 'killed'
  if (status === 0) return 'ended'
  throw new Error(`a run failed: ${stderr}`)
}

function isResumable(run: string): boolean {
  try {
    findResume(path.join(root, run), [])
    return true
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

/** The objects of a file of JSON without the run's name and what is timed; of other files the bytes. */
function contentOf(file: string): unknown {
  if (!/\.jsonl?$/.test(file)) return readFileSync(file, 'latin1')
  const untimed = (key: string, value: unknown) => (/^(timing\/|run_id$)/.test(key) ? undefined : value)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line, untimed) as unknown)
}

/** All parameters of a checkpoint, as bytes. */
function weightsOf(checkpoint: string): Buffer {
  const { stateDict } = readCheckpointFile(checkpoint)
  return Buffer.concat([...stateDict.values()].map((tensor) => Buffer.from(tensor.toFloat32().buffer)))
}
