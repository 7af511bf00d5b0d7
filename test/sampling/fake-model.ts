import { modelOptions } from '../../src/config/model.js'
import { defaultsOf } from '../../src/config/option.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import type { Conditioning, Network } from '../../src/diffusion/types.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import type { SamplingModel } from '../../src/sampling/stages/denoising-step.js'
import type { VideoBatch } from '../../src/sampling/videos/video-batch.js'

export const SIZE = 4

/** A model that predicts clean frames: sampling ends with exactly what it says at the last step. */
export function fakeModel(predict: (conditioning: Conditioning, x: Tensor5D) => Tensor5D): FakeModel {
  const seen = new Set<Conditioning>()
  const conditioned = (conditioning: Conditioning): Network => {
    seen.add(conditioning)
    return (x) => tf.tidy(() => predict(conditioning, x))
  }
  return {
    conditioned,
    get seen() {
      return [...seen]
    },
    config: { image_size: SIZE },
    parameters: new Map(),
    with: () => ({ conditioned }),
  }
}

export interface FakeModel extends SamplingModel {
  conditioned(conditioning: Conditioning): Network
  /** What the network was given in each stage. */
  readonly seen: readonly Conditioning[]
}

export const fakeConfig = { ...defaultsOf(modelOptions), timestep_respacing: '5', predict_xstart: true }
export const fakeDiffusion = createDiffusion(fakeConfig)

/** Every frame has one level: its position in the video, plus ten per video. */
export function countingVideos(B: number, T: number): VideoBatch {
  const frame = SIZE * SIZE * 3
  const data = Uint8Array.from({ length: B * T * frame }, (_, i) => {
    const at = Math.floor(i / frame)
    return (at % T) + 10 * Math.floor(at / T)
  })
  return { shape: [B, T, SIZE, SIZE, 3], data }
}
