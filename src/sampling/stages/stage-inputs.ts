import type { Conditioning } from '../../diffusion/types.js'
import { tf, type Tensor5D } from '../../runtime/tf.js'
import type { UnfinishedVideo } from './next-batch.js'
import { stageConditioning } from './stage-conditioning.js'
import { stageNoise, type StageKey } from './stage-noise.js'

/**
 * What one stage of some videos starts from: x_T, (B, K, H, W, C), and what the network is given besides it. The
 * caller owns the tensors; where one cannot be made, as memory is short, none is left.
 * @param videos at least one, all at stages of equally many frames
 * @param keys one per video
 */
export function stageInputs(
  videos: readonly UnfinishedVideo[],
  keys: readonly StageKey[],
): Conditioning & { readonly start: Tensor5D } {
  return tf.tidy(() => {
    const conditioning = stageConditioning(videos)
    const [, ...shape] = conditioning.x0.shape
    return { ...conditioning, start: stageNoise(keys, shape, 'start') }
  })
}
