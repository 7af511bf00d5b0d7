import { tf, type Tensor4D } from '../runtime/tf.js'

/** Mean and spread of ImageNet's colours, in [0, 1]. */
const MEAN = [0.485, 0.456, 0.406]
const SPREAD = [0.229, 0.224, 0.225]

/** Frames as networks trained on ImageNet take them: (N, H, W, 3), from 0..255. */
export function standardiseFrames(frames: Tensor4D): Tensor4D {
  return tf.div(tf.sub(tf.div(frames, 255), MEAN), SPREAD)
}
