import type { Conditioning } from '../../diffusion/types.js'
import { outputRows } from '../../model/output-rows.js'
import { tf } from '../../runtime/tf.js'
import { sizeOf, type UnfinishedVideo } from './next-batch.js'

/**
 * What the network is given in one stage of each video: its observed frames, then the latent ones, and no
 * padding. Caller owns the tensors.
 * @param videos at least one, all at stages of equally many frames
 */
export function stageConditioning(videos: readonly UnfinishedVideo[]): Conditioning {
  const [{ frames, next } = never()] = videos
  const K = sizeOf(next)
  const B = videos.length
  const [H, W, C] = frames.frameShape
  if (videos.some((video) => sizeOf(video.next) !== K))
    throw new Error('the videos of a batch are at stages of different sizes')

  const size = H * W * C
  // Latent frames stay 0: the network sees them only through the noisy video.
  const x0 = new Float32Array(B * K * size)
  videos.forEach((video, b) =>
    video.next.observed.forEach((t, k) => x0.set(video.frames.get(t), (b * K + k) * size)),
  )
  const mask = (isOne: (video: UnfinishedVideo, k: number) => boolean) => {
    const values = videos.flatMap((video) => Array.from({ length: K }, (_, k) => (isOne(video, k) ? 1 : 0)))
    return tf.tensor2d(Float32Array.from(values), [B, K])
  }
  const positions = videos.flatMap((video) => [...video.next.observed, ...video.next.latent])
  const asked = outputRows(
    videos.flatMap(({ next }) => [...next.observed.map(() => 0), ...next.latent.map(() => 1)]),
  )
  return {
    x0: tf.tensor5d(x0, [B, K, H, W, C]),
    obsMask: mask((video, k) => k < video.next.observed.length),
    latentMask: mask((video, k) => k >= video.next.observed.length),
    frameIndices: tf.tensor2d(Int32Array.from(positions), [B, K], 'int32'),
    outputRows: asked && tf.tensor1d(asked, 'int32'),
  }
}

function never(): never {
  throw new Error('a batch has at least one video')
}
