import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor4D, type Tensor5D } from '../../runtime/tf.js'
import { pointUnit, unit } from './unit.js'

/** Height and width that the network sees. */
const SIZE = 224

/**
 * The layers of I3D up to `MaxPool3d_3a_3x3`, for a stretch of a video: they reach a few frames to either
 * side only, and need the most memory. For n places in time of the result, 2n + 9 frames come in.
 * @param frames (2n + 9, h, w, 3), 0..255, of any size; values of frames before and after the video count not
 * @param isFrame (2n + 9): 1 for a frame of the video, 0 before and after it, where zeros are seen
 * @param isPlace (n + 2): the same for places of the first layer's result, one more on either side
 * @returns (1, n, 28, 28, 192)
 */
export function stem(
  frames: Tensor4D,
  isFrame: Tensor4D,
  isPlace: Tensor5D,
  parameters: Parameters,
): Tensor5D {
  const network = scopeOf(parameters)
  // Neither aligned corners nor half-pixel centres: the source of pixel i is at i * in / out.
  const resized = tf.image.resizeBilinear(frames, [SIZE, SIZE], false, false)
  const scaled: Tensor4D = tf.mul(tf.sub(tf.mul(resized, 2 / 255), 1), isFrame)
  // Height and width padded as `same` would; in time, the neighbours are there.
  const first = unit(padded(scaled, 2, 3), network.at('Conv3d_1a_7x7'), 2, 'valid')
  const second = pointUnit(halved(first), network.at('Conv3d_2b_1x1'))
  const third = unit(
    padded(withoutBatch(tf.mul(second, isPlace)), 1, 1),
    network.at('Conv3d_2c_3x3'),
    1,
    'valid',
  )
  return halved(third)
}

/** (T, H, W, C) as a video with zeros around each frame. */
function padded(frames: Tensor4D, before: number, after: number): Tensor5D {
  return tf.expandDims(tf.pad(frames, [[0, 0], [before, after], [before, after], [0, 0]]), 0) // prettier-ignore
}

/** The largest of each 3x3, every second one; frame by frame. */
function halved(x: Tensor5D): Tensor5D {
  return tf.expandDims(tf.maxPool(withoutBatch(x), 3, 2, 'same'), 0)
}

function withoutBatch(x: Tensor5D): Tensor4D {
  return tf.squeeze(x, [0])
}
