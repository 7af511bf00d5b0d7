import { fillModelConfig } from '../src/config/model.js'
import type { SamplingConfig } from '../src/config/sampling.js'
import type { VideoDataset } from '../src/data/dataset.js'
import { UserError } from '../src/errors.js'
import { parametersDigest } from '../src/model/parameters-digest.js'
import type { VideoModel } from '../src/model/video-model.js'
import { startRuntime } from '../src/runtime/start.js'
import type { SampleRunInputs } from '../src/sampling/runs/plan-sample-run.js'
import { loadCheckpoint } from '../src/training/checkpoints/load-checkpoint.js'
import { inDataDir, openConfigDataset, type DatasetConfig } from './open-dataset.js'
import type { Terminal } from './terminal.js'

/** A checkpoint that is open to sample with. */
export type OpenCheckpoint = SampleRunInputs['checkpoint'] & { readonly model: VideoModel }

/**
 * Starts the runtime, loads a model or an average, works with it, and frees it, also if the work fails.
 * @throws UserError for a runtime or a file that does not work.
 */
export async function withCheckpoint<R>(
  file: string,
  options: Pick<SamplingConfig, 'backend' | 'precision' | 'xla' | 'device' | 'data_dir'>,
  terminal: Terminal,
  work: (checkpoint: OpenCheckpoint) => Promise<R>,
): Promise<R> {
  const { backend, precision, xla, device, data_dir } = options
  const runtime = await startRuntime({ backend, precision, xla, device })
  terminal.log(runtime.description)
  const { model, config: trained, step } = loadCheckpoint(file)
  try {
    const config = inDataDir(trained, data_dir)
    const digest = (await parametersDigest(model.parameters)).toString('hex').slice(0, 16)
    return await work({
      path: file,
      step,
      digest,
      config: { ...config, ...fillModelConfig(config) },
      model,
    })
  } finally {
    model.dispose()
  }
}

/**
 * Test videos to start from. Where no frame is given no data is needed, only its size.
 * @param T frames of each
 */
export async function openTestVideos(
  config: DatasetConfig,
  { T, areGiven }: { readonly T: number; readonly areGiven: boolean },
  terminal: Terminal,
): Promise<VideoDataset> {
  return areGiven ? openConfigDataset(config, 'test', terminal, T) : noVideos(config, T)
}

function noVideos({ image_size: size }: DatasetConfig, T: number): VideoDataset {
  if (typeof size !== 'number') throw new UserError('the checkpoint does not say how large its frames are')
  return {
    name: 'none',
    split: 'test',
    length: 0,
    T,
    imageSize: size,
    frameCount: () => 0,
    readFrames: () => Promise.reject(new Error('there is no video to read')),
  }
}
