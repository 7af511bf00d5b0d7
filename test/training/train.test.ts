import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { heldOutLoss } from '../../src/evaluation/held-out-loss.js'
import { createModel } from '../../src/model/video-model.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { readCheckpointFile } from '../../src/torch-file/index.js'
import { TrainingDiverged } from '../../src/training/bad-steps/bad-steps.js'
import { loadCheckpoint } from '../../src/training/checkpoints/load-checkpoint.js'
import { startingPoint } from '../../src/training/checkpoints/resume.js'
import { saveCheckpoint, type ResolvedTrainConfig } from '../../src/training/checkpoints/save-checkpoint.js'
import type { Preview } from '../../src/training/previews/sample-preview.js'
import { disposeState, flattenState, initialState } from '../../src/training/step/state.js'
import { train } from '../../src/training/train.js'
import type { TrainRun } from '../../src/training/train-run.js'
import { availableBackends, describeEachBackend } from '../helpers/backends.js'
import { onGpu } from '../helpers/on-gpu.js'
import { spawnModule } from '../helpers/spawn-module.js'
import { fakeDataset, smallConfig } from './fixtures.js'
import type { ChildRun } from './run-child.js'
import { expectFileToRounding } from './same-training.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-train-'))
afterAll(() => rmSync(root, { recursive: true }))

const run = (newRunId: string, config: Partial<ResolvedTrainConfig>, more: Partial<TrainRun> = {}) =>
  train({
    config: smallConfig(config),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId,
    root,
    now: () => 0,
    ...more,
  })

describeEachBackend('a run', (backend) => {
  it('killed at any moment, resumes as if it had never stopped, and leaves no tensors behind', async () => {
    const options = {
      max_steps: 3,
      log_interval: 2,
      save_interval: 1,
      ema_rate: '0.9,1',
      dropout: 0.1,
      schedule_sampler: 'loss-second-moment',
    } as const
    const tensors = tf.memory().numTensors
    const whole = await run(`${backend}-whole`, options)
    expect(tf.memory().numTensors).toBe(tensors)
    await killedRun({ backend, root, runId: `${backend}-killed`, config: options })
    const resumed = await run('unused', { ...options, resume_id: `${backend}-killed` })
    expect(resumed).toMatchObject({ runId: `${backend}-killed`, step: 3 })
    expect(tf.memory().numTensors).toBe(tensors)

    const names = readdirSync(whole.folder).sort()
    expect(names.filter((name) => !/0000(01|02)\./.test(name))).toEqual(
      ['ema_0.9_000003.pt', 'ema_1.0_000003.pt', 'log.jsonl', 'model000003.pt', 'opt000003.pt', 'state000003.json'], // prettier-ignore
    )
    expect(readdirSync(resumed.folder).sort()).toEqual(names)
    for (const name of names) {
      const [a, b] = [path.join(whole.folder, name), path.join(resumed.folder, name)]
      if (onGpu && backend === 'tensorflow') expectFileToRounding(b, a, smallConfig(options))
      // The configurations differ in `resume_id`.
      else if (/^(model|ema)/.test(name)) expect(weightsOf(b).equals(weightsOf(a))).toBe(true)
      else if (name === 'log.jsonl') expect(linesOf(b)).toEqual(linesOf(a))
      else expect(readFileSync(b).equals(readFileSync(a))).toBe(true)
    }
    // Three processes train on WebAssembly: most of a minute where nothing else runs.
  }, 300_000)
})

describe('a run', () => {
  beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))

  it('takes from the data set the size and length of its videos, unless they are said', async () => {
    const config = { ...smallConfig({ max_steps: 1, T: -1 }), image_size: undefined }
    const { saved } = await run('size', {}, { config })
    expect(readCheckpointFile(saved?.model ?? '').config).toMatchObject({ image_size: 32, T: 8 })
    await expect(run('other', { image_size: 64 })).rejects.toThrow(
      'the frames of fake are 32 pixels wide, not 64',
    )
  })

  it('learns one video by heart', async () => {
    const losses: number[] = []
    const dataset = fakeDataset({
      videos: 1,
      frames: 3,
      T: 3,
      imageSize: 32,
      pixel: (_, frame, i) => 230 - 90 * (i % 3) - 15 * frame,
    })
    const config = { T: 3, max_steps: 30, lr: 2e-3, predict_xstart: true, pad_with_random_frames: false }
    await run('overfit', config, { dataset, onStep: (_step, _total, loss) => losses.push(loss) })
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
    expect(mean(losses.slice(-8))).toBeLessThan(0.2 * mean(losses.slice(0, 4)))
  })

  it('samples videos to look at, and ends at a signal with what it has saved', async () => {
    const previews: (readonly [Preview, number])[] = []
    const sampled: (readonly [step: number, done: number, total: number])[] = []
    const stop = new AbortController()
    const tracked: unknown[] = []
    const result = await run(
      'signal',
      { batch_size: 2, noise_schedule: 'cosine', diffusion_steps: 3, sample_interval: 1 },
      {
        signal: stop.signal,
        onSampleStep: (...progress) => sampled.push(progress),
        onSample: (preview, step) => {
          previews.push([preview, step])
          stop.abort()
        },
        openTrackers: ({ runId, isNew, step, lastLine }) => [
          {
            log: (step, metrics) => tracked.push([step, Object.keys(metrics)[0]]),
            media: (step, name, { kind, bytes }) =>
              tracked.push([step, name, kind, Buffer.from(bytes.subarray(0, 6)).toString('latin1')]),
            close: (outcome) => void tracked.push([runId, isNew, step, lastLine, outcome]),
          },
        ],
      },
    )
    expect(result.step).toBe(1)
    expect(tracked).toEqual([
      [0, 'num_parameters'],
      ...[0, 1].map((i) => [1, `video-${i}`, 'gif', 'GIF89a']),
      ...[0, 1].map((i) => [1, `attention-${i}`, 'png', '\x89PNG\r\n']),
      [1, 'samples'],
      ['signal', true, 0, 0, 'finished'],
    ])
    expect(sampled).toEqual([0, 1, 2, 3].map((done) => [1, done, 3]))
    const lines = readFileSync(path.join(root, 'signal', 'log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { step: 0, run_id: 'signal', num_parameters: 2_062_691 },
      expect.objectContaining({ step: 1, samples: 2, 'timing/sampling_time': 0 }),
    ])
    expect(existsSync(path.join(root, 'signal', 'model000001.pt'))).toBe(true)
    const [[preview, step] = []] = previews
    expect([step, preview?.shape, preview?.numObserved]).toEqual([1, [2, 3, 32, 32, 3], 1])
    // The first frame of each video is given: frame 0 of two different videos, of one colour each.
    const first = [0, 3].map((frame) => new Set(preview?.pixels.subarray(frame * 3072, (frame + 1) * 3072)))
    expect(first.map(({ size }) => size)).toEqual([1, 1])
    expect(first[0]).not.toEqual(first[1])

    const { model, diffusion, config, step: loaded } = loadCheckpoint(result.saved?.ema[0] ?? '')
    expect([
      loaded,
      config.image_size,
      config.class_cond,
      config.dataset,
      config.max_frames,
      config.T,
    ]).toEqual(
      [1, 32, false, null, 3, 8], // prettier-ignore
    )
    const dataset = fakeDataset({ split: 'test', T: 8, imageSize: 32 })
    const held = () => heldOutLoss({ model, diffusion, dataset, maxFrames: 3, tasks: 2 })
    const loss = await held()
    expect(loss).toBeGreaterThan(0)
    expect(await held()).toBe(loss)
    model.dispose()
  })

  it('gives up a preview when a signal comes, and saves the steps before it', async () => {
    const stop = new AbortController()
    const previews: Preview[] = []
    const result = await run(
      'signal-in-a-preview',
      { noise_schedule: 'cosine', diffusion_steps: 3, sample_interval: 1 },
      {
        signal: stop.signal,
        onStep: () => stop.abort(),
        onSample: (preview) => void previews.push(preview),
      },
    )
    expect(previews).toEqual([])
    expect([result.step, result.saved !== undefined]).toEqual([1, true])
  })

  it('starts from a checkpoint given by path, with optimizer and averages beside it', async () => {
    const checkpoint = path.join(root, 'signal', 'model000001.pt')
    const options = { noise_schedule: 'cosine', diffusion_steps: 3 } as const
    const result = await run('from-path', { ...options, resume_checkpoint: checkpoint, max_steps: 2 })
    expect(result).toMatchObject({ runId: 'from-path', step: 2 })
    const other = { ...options, resume_checkpoint: checkpoint, num_channels: 64 }
    await expect(run('other', other)).rejects.toThrow(`--num_channels is 32 in ${checkpoint}, not 64`)
  })

  it('says what a checkpoint lacks and starts anew', () => {
    const beside = path.join(root, 'signal', 'model000001.pt')
    const alone = path.join(root, 'alone.pt')
    copyFileSync(beside, alone)
    const options = { noise_schedule: 'cosine', diffusion_steps: 3, ema_rate: '0.5,0.9999' } as const
    const anew = [alone, beside, ''].map((resume_checkpoint) => {
      const start = startingPoint(smallConfig({ ...options, resume_checkpoint }), root)
      disposeState(start.state)
      return start.anew
    })
    expect(anew).toEqual([
      { optimizer: true, averages: [0.5, 0.9999] },
      { optimizer: false, averages: [0.5] },
      { optimizer: false, averages: [] },
    ])
  })

  it('reads the state of a version that did not note the last line of the log', () => {
    const resume_checkpoint = path.join(root, 'old', 'model000004.pt')
    mkdirSync(path.dirname(resume_checkpoint))
    copyFileSync(path.join(root, 'signal', 'model000001.pt'), resume_checkpoint)
    const options = { noise_schedule: 'cosine', diffusion_steps: 3, resume_checkpoint } as const
    const hostOf = (content: object) => {
      writeFileSync(path.join(root, 'old', 'state000004.json'), JSON.stringify(content))
      const start = startingPoint(smallConfig(options), root)
      disposeState(start.state)
      return start.host
    }
    const old = { step: 4, timesteps: { history: [] }, means: {} }
    expect(hostOf(old)).toEqual({ ...old, lastLine: 4 })
    expect(hostOf({ ...old, lastLine: 3 })).toEqual({ ...old, lastLine: 3 })
    expect(() => hostOf({ ...old, lastLine: '3' })).toThrow(/state000004.json is damaged/)
  })

  it('leaves the log of another run alone', async () => {
    const log_dir = path.join(root, 'logs')
    mkdirSync(log_dir)
    const log = path.join(log_dir, 'log.jsonl')
    const lines = '{"step":0}\n{"step":10}\n'
    writeFileSync(log, lines)
    await expect(run('second', { log_dir, max_steps: 1 })).rejects.toThrow(`${log} is the log of another run`)
    const resumed = { log_dir, resume_id: 'signal', noise_schedule: 'cosine', diffusion_steps: 3 } as const
    const onStart = () => expect.unreachable('it has begun')
    await expect(run('', resumed, { onStart })).rejects.toThrow(`${log} is the log of another run`)
    expect(readFileSync(log, 'utf8')).toBe(lines)
    await expect(run('signal', { max_steps: 1 })).rejects.toThrow(/is there already: resume it with/)
  })

  it('removes no older checkpoint while steps are bad, and says how large a batch was before', async () => {
    const spoilt = { videos: 3, T: 8, imageSize: 32 }
    const options = { batch_size: 2, save_interval: 1, keep: 1, max_steps: 1 }
    const batches: unknown[] = []
    const onStart: TrainRun['onStart'] = ({ commonBatch }) => batches.push(commonBatch)
    await run('kept', options, { dataset: fakeDataset(spoilt), onStart })
    // Above this limit is every gradient.
    const worse = { ...options, max_steps: 3, skip_grad_norm: 1e-30, resume_id: 'kept', batch_size: 1 }
    await run('', worse, { dataset: fakeDataset(spoilt), onStart })
    const models = () => readdirSync(path.join(root, 'kept')).filter((name) => name.startsWith('model'))
    expect(models()).toEqual(['model000001.pt', 'model000003.pt'])
    await run('', { ...options, resume_id: 'kept', max_steps: 4 }, { onStart })
    expect(models()).toEqual(['model000004.pt'])
    expect(batches).toEqual([
      { before: undefined, now: 2 },
      { before: 2, now: 1 },
      { before: 1, now: 2 },
    ])
  })

  it('removes older checkpoints where a process was killed before it came to that', async () => {
    const options = { save_interval: 1, max_steps: 2 }
    const { folder } = await run('unpruned', options)
    await run('', { ...options, resume_id: 'unpruned', keep: 1 })
    const models = readdirSync(folder).filter((name) => name.startsWith('model'))
    expect(models).toEqual(['model000002.pt'])
  })

  it('saves nothing that an update has ruined, and keeps the last good set', async () => {
    const options = { save_interval: 1, log_interval: 1, keep: 1 }
    await run('ruined', { ...options, max_steps: 1 })
    const folder = path.join(root, 'ruined')
    const names = readdirSync(folder)
    const tensors = tf.memory().numTensors
    // The loss and its gradient are as good as before; what comes of them is infinite.
    const losses: number[] = []
    const onStep: TrainRun['onStep'] = (_step, _total, loss) => losses.push(loss)
    const again = run('', { ...options, lr: 1e39, max_steps: 3, resume_id: 'ruined' }, { onStep })
    await expect(again).rejects.toThrow(
      /^training diverged: after step 2 the weights are not finite \(.+\): this step is not saved/,
    )
    await expect(again).rejects.toThrow(TrainingDiverged)
    expect(losses.map(Number.isFinite)).toEqual([true])
    expect(tf.memory().numTensors).toBe(tensors)
    expect(readdirSync(folder)).toEqual(names)
    expect(names).toContain('model000001.pt')
    await expect(run('', { ...options, max_steps: 2, resume_id: 'ruined' })).resolves.toMatchObject({
      step: 2,
    })
  })

  it('does not go on from a checkpoint that is ruined already', async () => {
    const model = createModel(smallConfig(), { seed: 0 })
    const state = initialState(model.parameters, 1)
    model.dispose()
    const [[name, weight] = ['', tf.scalar(0)]] = state.params
    const ruined = { ...state, params: new Map(state.params).set(name, tf.fill(weight.shape, NaN)) }
    const host = { step: 7, lastLine: 0, timesteps: { history: [] }, means: {} }
    const folder = path.join(root, 'nan')
    saveCheckpoint(folder, smallConfig(), [0.9999], { ...ruined, optimizerStep: 7 }, host)
    tf.dispose([weight, ...flattenState(ruined)])
    const tensors = tf.memory().numTensors
    await expect(run('', { resume_id: 'nan' })).rejects.toThrow(
      `${path.join(folder, 'model000007.pt')}: the weights are not finite (${name})`,
    )
    expect(tf.memory().numTensors).toBe(tensors)
  })

  it('is trained by one process at a time, and written to by none that was taken for dead', async () => {
    const folder = path.join(root, 'taken')
    const other = path.join(folder, '.training.claim-9')
    const content = () => readdirSync(folder).map((name) => [name, statSync(path.join(folder, name)).mtimeMs])
    let before: ReturnType<typeof content> = []
    const onStep = (step: number) => {
      if (step !== 2) return
      before = content().filter(([name]) => name !== '.training.claim-1')
      writeFileSync(other, JSON.stringify({ machine: 'node7', pid: 12 }))
    }
    const options = { log_interval: 1, save_interval: 1, max_steps: 5 }
    await expect(run('taken', options, { onStep })).rejects.toThrow(
      'another process has taken over run taken',
    )
    rmSync(other)
    expect(content()).toEqual(before)
    expect(before.map(([name]) => name)).toContain('model000001.pt')

    writeFileSync(other, JSON.stringify({ machine: 'node7', pid: 12 }))
    const onOther = () => void setTimeout(() => utimesSync(other, new Date(), new Date(Date.now() + 5000)), 1)
    await expect(run('', { ...options, resume_id: 'taken' }, { onOther })).rejects.toThrow(
      'run taken is being trained by process 12 on node7',
    )
    rmSync(other)
    expect(content()).toEqual(before)
  })

  it('refuses to resume nothing, and data of another size', async () => {
    await expect(run('x', { resume_id: 'no-such-run' })).rejects.toThrow(
      /no checkpoint to resume in .*no-such-run/,
    )
    await expect(run('x', {}, { dataset: fakeDataset({ imageSize: 64 }) })).rejects.toThrow(UserError)
    await expect(run('x', { batch_size: 9 })).rejects.toThrow(UserError)
  })
})

/** Starts a run and kills it at a random moment between its first checkpoint and its last. */
async function killedRun(childRun: ChildRun): Promise<void> {
  const env = { FDM_CHILD_RUN: JSON.stringify(childRun) }
  const child = spawnModule(new URL('./child-run.ts', import.meta.url), env)
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const closed = once(child, 'close')
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), 1500 * Math.random()))
  child.stdout.on('data', (data: Buffer) => {
    // The last step comes: no more time to lose.
    if (data.toString().includes('saved 2')) child.kill('SIGKILL')
  })
  const [, signal] = (await closed) as [number | null, NodeJS.Signals | null]
  expect(signal, stderr).toBe('SIGKILL')
}

/** The lines of a log, but for the run's name. */
function linesOf(log: string): unknown[] {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  return lines.map((line) => ({ ...(JSON.parse(line) as object), run_id: undefined }))
}

/** All parameters of a checkpoint, as bytes. */
function weightsOf(checkpoint: string): Buffer {
  const { stateDict } = readCheckpointFile(checkpoint)
  return Buffer.concat([...stateDict.values()].map((tensor) => Buffer.from(tensor.toFloat32().buffer)))
}
