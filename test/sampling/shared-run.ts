import { defaultsOf } from '../../src/config/option.js'
import { samplingOptions, type SamplingConfig } from '../../src/config/sampling.js'
import type { VideoDataset } from '../../src/data/dataset.js'
import { tf } from '../../src/runtime/tf.js'
import type { SampleRunInputs } from '../../src/sampling/runs/plan-sample-run.js'
import { filmOf, frameOfFilm } from '../../src/sampling/videos/video-batch.js'
import { countingVideos, fakeConfig, fakeModel, SIZE } from './fake-model.js'

const VIDEOS = 9
const T = 12

/** Nine videos of twelve frames, three of them given, two new ones per stage: five stages of three steps. */
export function sharedRun(evalDir: string, options: Partial<SamplingConfig> = {}): SampleRunInputs {
  return {
    checkpoint: {
      path: 'checkpoints/run/ema_0.9_latest.pt',
      step: 12,
      config: { ...fakeConfig, timestep_respacing: '', dataset: 'counting', max_frames: 4 },
      // What a stage samples depends on its noise and on the stages before.
      model: fakeModel(({ x0 }, x) => tf.tanh(tf.add(x, tf.mean(x0, [1, 2, 3, 4], true)))),
    },
    dataset,
    options: {
      ...defaultsOf(samplingOptions),
      eval_dir: evalDir,
      sampling_scheme: 'autoreg',
      n_obs: 3,
      batch_size: 2,
      timestep_respacing: '3',
      stop_index: VIDEOS,
      ...options,
    },
  }
}

const dataset: VideoDataset = {
  name: 'counting',
  split: 'test',
  length: VIDEOS,
  T,
  imageSize: SIZE,
  frameCount: () => T,
  readFrames(video, frames) {
    const film = filmOf(countingVideos(VIDEOS, T), video)
    return Promise.resolve(Buffer.concat(frames.map((frame) => frameOfFilm(film, frame))))
  },
}
