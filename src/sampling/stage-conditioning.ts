import type { Conditioning } from '../diffusion/types.js'
import { tf } from '../runtime/tf.js'
import type { Stage } from '../schemes/types.js'
import type { FrameStore } from './frame-store.js'

/**
 * What the network is given in one stage: each video's observed frames, then the latent ones, and no
 * padding. Caller owns the tensors.
 * @param stages one per video, all with as many observed and as many latent frames
 * @param frameShape (H, W, C)
 */
export function stageConditioning(
  stages: readonly Stage[],
  frames: FrameStore,
  [H, W, C]: readonly [number, number, number],
): Conditioning {
  const numObserved = stages[0]?.observed.length ?? 0
  const K = numObserved + (stages[0]?.latent.length ?? 0)
  const B = stages.length
  if (
    stages.some(
      ({ observed, latent }) => observed.length !== numObserved || observed.length + latent.length !== K,
    )
  )
    throw new Error('the videos of a batch are at stages of different sizes')

  const size = H * W * C
  // Latent frames stay 0: the network sees them only through the noisy video.
  const x0 = new Float32Array(B * K * size)
  stages.forEach(({ observed }, b) =>
    observed.forEach((t, k) => x0.set(frames.get(b, t), (b * K + k) * size)),
  )
  const mask = (value: (k: number) => boolean) =>
    tf.tensor2d(
      Float32Array.from({ length: B * K }, (_, i) => (value(i % K) ? 1 : 0)),
      [B, K],
    )
  return {
    x0: tf.tensor5d(x0, [B, K, H, W, C]),
    obsMask: mask((k) => k < numObserved),
    latentMask: mask((k) => k >= numObserved),
    frameIndices: tf.tensor2d(
      Int32Array.from(stages.flatMap(({ observed, latent }) => [...observed, ...latent])),
      [B, K],
      'int32',
    ),
  }
}
