import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fillModelConfig } from '../src/config/model.js'
import { flag, defaultsOf } from '../src/config/option.js'
import { samplingOptions, videoOptions } from '../src/config/sampling.js'
import { renderToyTown } from '../src/data/toy-town/render-toy-town.js'
import { createDiffusion } from '../src/diffusion/gaussian-diffusion.js'
import { UserError } from '../src/errors.js'
import { heldOutLoss } from '../src/evaluation/held-out-loss.js'
import { namesIn } from '../src/files/names-in.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { createModel } from '../src/model/video-model.js'
import { startRuntime } from '../src/runtime/start.js'
import { setupTensorFlow } from '../src/setup/tensorflow.js'
import { checkpointFileNames, findResume } from '../src/training/checkpoints/checkpoint-files.js'
import { loadCheckpoint, type Checkpoint } from '../src/training/checkpoints/load-checkpoint.js'
import { makeVideo } from '../src/video/make-video.js'
import { FULL_DEMO, SHORT_DEMO, type DemoSettings } from './demo-settings.js'
import { main } from './main.js'
import { openConfigDataset } from './open-dataset.js'
import { normalizeArguments } from './parse-options.js'
import { runSampling } from './run-sampling.js'
import { runTraining } from './run-training.js'
import { withProgress, type Terminal } from './terminal.js'

/** Enlargement of the pictures: frames of 32 pixels are hard to see. */
const SCALE = 4
/** Fetching two things, unpacking, compiling, trying. */
const SETUP_STEPS = 5
const TOY_TOWN = { directory: 'datasets/toy-town', size: 32, frames: 100, train: 60, test: 20, seed: 0 }

await main(async (terminal) => {
  const [option, ...others] = normalizeArguments(process.argv.slice(2), { short: flag(false, '') }, false)
  if (others.length > 0 || (option !== undefined && !option.startsWith('--short=')))
    throw new UserError('the demo takes no option but --short')
  const started = performance.now()
  await demo(option === '--short=True' ? SHORT_DEMO : FULL_DEMO, terminal)
  terminal.log(`That took ${((performance.now() - started) / 60_000).toFixed(1)} minutes.`)
})

/** From nothing to a film of completed videos; what an earlier run has done is not done again. */
async function demo(settings: DemoSettings, terminal: Terminal): Promise<void> {
  terminal.log('1. TensorFlow')
  await prepareTensorFlow(terminal)

  terminal.log('\n2. A small town to drive through')
  const { directory, train, test } = TOY_TOWN
  await withProgress(terminal, 'rendering videos', (onProgress) =>
    renderToyTown({ ...TOY_TOWN, onProgress, signal: terminal.signal }),
  )
  terminal.log(`${train} videos to train on and ${test} others to test on are in ${directory}`)

  terminal.log('\n3. Training')
  const start = await untrainedLoss(settings, terminal)
  const checkpoint = await trainedCheckpoint(settings, terminal)
  const end = await trainedLoss(checkpoint, settings, terminal)
  terminal.log(
    `loss on videos that it has not seen: ${start.toFixed(4)} before training, ${end.toFixed(4)} after`,
  )

  terminal.log('\n4. Sampling')
  const { folder } = await runSampling(
    {
      checkpoint,
      options: {
        ...defaultsOf(samplingOptions),
        sampling_scheme: 'autoreg',
        T: settings.T,
        n_obs: settings.numObserved,
        use_ddim: true,
        timestep_respacing: settings.respacing,
        stop_index: settings.videos,
      },
      dryRun: false,
    },
    terminal,
  )

  terminal.log('\n5. A film: the truth on top, below it the completions of the frames with a red border')
  for (const format of ['gif', 'png'] as const) terminal.log(await film(folder, settings, format, terminal))
  terminal.log(`\nThe trained model is ${checkpoint}, all samples are in ${path.join(folder, 'samples')}.`)
  terminal.log(`Go on training it with other options of: npx fdm train --resume_checkpoint ${checkpoint}`)
}

async function prepareTensorFlow(terminal: Terminal): Promise<void> {
  try {
    let step = 0
    const { version } = await withProgress(terminal, 'setting up', (update) =>
      setupTensorFlow({ onProgress: (line) => update(Math.min(step++, SETUP_STEPS), SETUP_STEPS, line) }),
    )
    terminal.log(`TensorFlow ${version} is ready`)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    terminal.log(`${error.message}; going on without it, which takes several times as long`)
  }
}

async function untrainedLoss(settings: DemoSettings, terminal: Terminal): Promise<number> {
  return rememberedLoss('before', settings, async () => {
    await startRuntime()
    const config = fillModelConfig({ ...settings.train, image_size: TOY_TOWN.size })
    const checkpoint = {
      model: createModel(config, { seed: 0 }),
      diffusion: createDiffusion(config),
      config: { ...settings.train, ...config },
    }
    return lossOf(checkpoint, settings, terminal)
  })
}

async function trainedLoss(file: string, settings: DemoSettings, terminal: Terminal): Promise<number> {
  return rememberedLoss('after', settings, () => lossOf(loadCheckpoint(file), settings, terminal))
}

async function lossOf(
  { model, diffusion, config }: Pick<Checkpoint, 'model' | 'diffusion' | 'config'>,
  { lossTasks: tasks, train }: DemoSettings,
  terminal: Terminal,
): Promise<number> {
  const maxFrames = Number(train.max_frames)
  const { signal } = terminal
  try {
    const dataset = await openConfigDataset(config, 'test', terminal)
    return await withProgress(terminal, 'loss on test videos', (onProgress) =>
      heldOutLoss({ model, diffusion, dataset, maxFrames, tasks, onProgress, signal }),
    )
  } finally {
    model.dispose()
  }
}

/** A loss that an earlier run of the same settings has computed, or a new one. */
async function rememberedLoss(
  when: 'before' | 'after',
  settings: DemoSettings,
  compute: () => Promise<number>,
): Promise<number> {
  const file = path.join('results', settings.runId, lossFile(when))
  const question = JSON.stringify(settings)
  if (existsSync(file)) {
    const known = JSON.parse(readFileSync(file, 'utf8')) as { question?: string; loss?: number }
    if (known.question === question && known.loss !== undefined) return known.loss
  }
  const loss = await compute()
  writeFileAtomic(file, JSON.stringify({ loss, question }))
  return loss
}

function lossFile(when: 'before' | 'after'): string {
  return `held-out-loss-${when}.json`
}

/** The averaged weights at the last step: those that are there, or those that training ends with. */
async function trainedCheckpoint({ runId, train }: DemoSettings, terminal: Terminal): Promise<string> {
  const folder = path.join('checkpoints', runId)
  const rates = [Number(train.ema_rate)]
  const last = path.join(folder, checkpointFileNames(train.max_steps, rates).ema[0] ?? '')
  if (existsSync(last)) {
    terminal.log(`${last} is there already`)
    return last
  }
  const resume = canResume(folder, rates)
  // What a run left that was stopped before its first checkpoint, and what was made with another model.
  if (!resume) rmSync(folder, { recursive: true, force: true })
  const results = path.join('results', runId)
  for (const name of namesIn(results))
    if (name.startsWith('ema_') || name === lossFile('after'))
      rmSync(path.join(results, name), { recursive: true, force: true })
  const given = { ...train, unobserve: true, ...(resume && { resume_id: runId }) }
  await runTraining({ given, newRunId: runId, dryRun: false, previews: false }, terminal)
  terminal.signal.throwIfAborted()
  return last
}

function canResume(folder: string, rates: readonly number[]): boolean {
  try {
    findResume(folder, rates)
    return true
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

function film(
  evalDir: string,
  { videos, numObserved }: DemoSettings,
  format: 'gif' | 'png',
  terminal: Terminal,
): Promise<string> {
  return makeVideo({
    options: {
      ...defaultsOf(videoOptions),
      eval_dir: evalDir,
      do_n: videos,
      obs_length: numObserved,
      scale: SCALE,
      format,
    },
    openTruth: (config, T) => openConfigDataset(config, 'test', terminal, T),
    ffmpeg: () => undefined,
    signal: terminal.signal,
  })
}
