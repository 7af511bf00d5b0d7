import type { SamplingConfig } from '../src/config/sampling.js'
import type { FrameFeatures } from '../src/sampling/features/frame-features.js'
import { pixelFeatures } from '../src/sampling/features/pixel-features.js'
import { trueStages } from '../src/sampling/features/true-stages.js'
import { resultsOf } from '../src/sampling/results/results-of.js'
import { chosenScheme } from '../src/sampling/runs/chosen-scheme.js'
import { selectVideos } from '../src/sampling/runs/select-videos.js'
import { schemeSettings } from '../src/sampling/stages/scheme-settings.js'
import { planVideo } from '../src/schemes/plan.js'
import { range } from '../src/schemes/range.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../src/schemes/types.js'
import { readCheckpointFile } from '../src/torch-file/index.js'
import { visualise } from '../src/video/visualise.js'
import type { CheckpointRequest } from './checkpoint-request.js'
import { askedLength, inDataDir, openConfigDataset, type DatasetConfig } from './open-dataset.js'
import type { Terminal } from './terminal.js'

/**
 * Draws the stages that sampling would go through. For an adaptive scheme, one picture for each video, with
 * what it would choose if the sampled frames looked like those of the true video.
 * @throws UserError for options, data or files that do not work.
 */
export async function runVisualising(
  { checkpoint, options, taskId }: CheckpointRequest<SamplingConfig>,
  terminal: Terminal,
): Promise<void> {
  const { config: trained, step } = readCheckpointFile(checkpoint)
  const config: DatasetConfig = inDataDir(trained, options.data_dir)
  const settings = schemeSettings(options, askedLength(options.T, config), config.max_frames)
  const results = resultsOf({ path: checkpoint, step }, options)
  const { scheme, optimised } = chosenScheme(options, settings, results)
  const plans = scheme.adaptive
    ? plansOfVideos(scheme, settings, { config, options, taskId }, terminal)
    : [{ stages: planVideo(scheme, settings) }]
  const optimality = optimised && { optimality: optimised.optimality }
  for await (const plan of plans) {
    const drawn = { scheme: scheme.name, settings, ...optimality, ...plan }
    for (const file of await visualise(drawn, terminal.signal)) terminal.log(file)
  }
}

async function* plansOfVideos(
  scheme: SamplingScheme,
  settings: SchemeSettings,
  { config, options, taskId }: { config: DatasetConfig; options: SamplingConfig; taskId: number | undefined },
  terminal: Terminal,
): AsyncGenerator<{ readonly video: number; readonly stages: readonly Stage[] }, void, undefined> {
  const dataset = await openConfigDataset(config, 'test', terminal, settings.videoLength)
  const videos = selectVideos({
    start: options.start_index,
    stop: options.stop_index,
    batchSize: options.batch_size,
    taskId,
    available: dataset.length,
  })
  const { T, imageSize: size } = dataset
  const features = await loadFeatures(options, size)
  try {
    for (const video of videos) {
      terminal.signal.throwIfAborted()
      const data = await dataset.readFrames(video, range(T))
      yield {
        video,
        stages: trueStages(scheme, settings, { shape: [T, size, size, 3], data }, features),
      }
    }
  } finally {
    features.dispose?.()
  }
}

/** For pixels alone, TensorFlow is not loaded. */
async function loadFeatures(
  { backend, precision, xla, device, ...options }: SamplingConfig,
  size: number,
): Promise<FrameFeatures & { readonly dispose?: () => void }> {
  if (options.adaptive_features === 'pixels') return pixelFeatures
  const { chosenFeatures } = await import('../src/sampling/features/chosen-features.js')
  const { startRuntime } = await import('../src/runtime/start.js')
  await startRuntime({ backend, precision, xla, device })
  return chosenFeatures(options, size)
}
