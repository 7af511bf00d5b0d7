import fs, { cpSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { diffusionOptions } from '../../src/config/model.js'
import { defaultsOf } from '../../src/config/option.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { launchedRank } from '../../src/ranks/launcher.js'
import { meet } from '../../src/ranks/meet.js'
import { rankFailure, watchRanks, type RankGroup } from '../../src/runtime/rank-group.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { batchSource } from '../../src/training/batches/batch-source.js'
import { checkSameVideos } from '../../src/training/batches/check-same-videos.js'
import { flattenState, initialState } from '../../src/training/step/state.js'
import { timestepSampler } from '../../src/training/step/timestep-sampler.js'
import { createTrainer } from '../../src/training/step/trainer.js'
import { train } from '../../src/training/train.js'
import { fakeDataset, smallConfig, tinyNetwork, tinyParameters } from './fixtures.js'

/**
 * What a process does in turn, a rank or one on its own, told by JSON in its environment. It says `next` after each,
 * and an error.
 */
export type RankTask =
  | { readonly name: 'tiny'; readonly batchSize: number; readonly steps: number }
  /** Makes a run's folder what it was after a step of another run. */
  | { readonly name: 'copy'; readonly from: string; readonly to: string; readonly step: number }
  | { readonly name: 'videos' }
  | {
      readonly name: 'train'
      readonly runId: string
      readonly config: Parameters<typeof smallConfig>[0]
      /** Which saves, counted from 1, rank 0's disk does not take; the run may fail of it then. */
      readonly savesInVain?: readonly number[]
    }

/** Steps of a network of a few numbers; what came of them. */
export async function tinySteps(batchSize: number, steps: number, ranks?: RankGroup) {
  const diffusion = createDiffusion({ ...defaultsOf(diffusionOptions), diffusion_steps: 50 })
  const params = tinyParameters()
  const trainer = createTrainer({
    config: { lr: 0.01, lr_anneal_steps: 0, weight_decay: 0.1, seed: 7 },
    network: tinyNetwork,
    diffusion,
    emaRates: [0.9],
    timestepSampler: timestepSampler('loss-second-moment', diffusion.numTimesteps),
    state: initialState(params, 1),
    step: 0,
    optimizerStep: 0,
    ranks,
  })
  tf.dispose([...params.values()])
  const options = {
    batch_size: batchSize,
    microbatch: 1,
    max_frames: 5,
    pad_with_random_frames: false,
    seed: 1,
  }
  const batches = batchSource(fakeDataset(), options, ranks && { rank: ranks.rank, ranks: ranks.size })
  const numbers: number[] = []
  for (let step = 0; step < steps; step++) {
    const { losses, gradNorm, draw } = await trainer.update(await batches(step))
    numbers.push(...Array.from(losses.loss ?? []), gradNorm, ...draw.timesteps)
  }
  for (const tensor of flattenState(trainer.state)) numbers.push(...(await tensor.data()))
  trainer.dispose()
  return numbers
}

/** The options of all runs here but for `changes`. */
export function trainTask(root: string, runId: string, changes: Parameters<typeof smallConfig>[0]) {
  return {
    config: smallConfig({
      ...{ save_interval: 1, log_interval: 1, ema_rate: '0.9', lr: 1e-3, num_workers: 0, batch_size: 1 },
      ...{
        schedule_sampler: 'loss-second-moment',
        sample_interval: 1000,
        attention_resolutions: '8',
        ...changes,
      },
    }),
    dataset: fakeDataset({ videos: 6, T: 8, imageSize: 32 }),
    newRunId: runId,
    root,
    now: () => 0,
  }
}

function copyRun(root: string, { from, to, step }: Extract<RankTask, { name: 'copy' }>): void {
  const isLater = (file: string) => Number(/(\d{6})\.\w+$/.exec(file)?.[1] ?? 0) > step
  cpSync(path.join(root, from), path.join(root, to), { recursive: true, filter: (file) => !isLater(file) })
}

/** All on processors: two ranks cannot share a GPU, and there alone the same steps give the same bits. */
const RUNTIME = { backend: 'tensorflow', device: 'cpu' } as const

/** Has the disk not take the models of some saves. */
function refuseModels(saves: readonly number[]): void {
  const { renameSync } = fs
  let count = 0
  fs.renameSync = (from, to) => {
    if (String(to).includes('model') && saves.includes(++count))
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    renameSync(from, to)
  }
  syncBuiltinESMExports()
}

async function runTasks({ root, tasks }: { root: string; tasks: readonly RankTask[] }): Promise<void> {
  const place = launchedRank(process.env)
  const meeting = place && (await meet(place, 0, { version: 'test' }))
  const ranks = place && meeting && { rank: place.rank, size: place.size, tasks: meeting.tasks, patience: 60 }
  const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)
  try {
    await startRuntime({ ...RUNTIME, ...(ranks && { cluster: { tasks: ranks.tasks, rank: ranks.rank } }) })
    await meeting?.ready()
    for (const task of tasks) {
      if (task.name === 'tiny') {
        say(await tinySteps(task.batchSize, 1, ranks))
        if (ranks) watchRanks(ranks)
        say(await tinySteps(task.batchSize, task.steps, ranks))
      } else if (task.name === 'copy') {
        if (ranks?.rank !== 1) copyRun(root, task)
      } else if (task.name === 'videos') {
        if (!ranks) throw new Error('no rank')
        const videos = { count: 1, sha256: `of rank ${ranks.rank}` }
        await checkSameVideos(ranks, { ...videos, sha256: 'of all' })
        await checkSameVideos(ranks, videos).catch((error: unknown) => say([String(error)]))
      } else {
        const options = trainTask(root, task.runId, task.config)
        const { savesInVain } = task
        if (savesInVain !== undefined && ranks?.rank === 0) refuseModels(savesInVain)
        const run = train({
          ...options,
          ranks,
          savePatience: { between: 0, atEnd: [1, 1] },
          onSave: (_, step) => say(`${task.runId} saved ${step}`),
        })
        if (savesInVain === undefined) await run
        else await run.catch((error: unknown) => say([String(error)]))
      }
      process.stdout.write('next\n')
    }
    process.exit(0)
  } catch (error) {
    const shown = (ranks && rankFailure(ranks, error)) ?? error
    process.stderr.write(`error: ${shown instanceof Error ? shown.message : String(shown)}\n`)
    process.exit(1)
  }
}

if (process.env.FDM_RANK_RUN)
  await runTasks(JSON.parse(process.env.FDM_RANK_RUN) as Parameters<typeof runTasks>[0])
