import { linear } from '../../nn/linear.js'
import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../../runtime/tf.js'
import type { Backbone } from '../network/backbone.js'
import type { LocatorKind } from '../network/heads.js'
import type { TrainedLayers } from '../network/layers.js'
import { standardiseFrames } from '../standardise-frames.js'
import { CELLS } from '../town-cells.js'

/** What is trained: the network that chooses a cell of the town, or the one that gives the place within it. */
export interface LocatorNetwork {
  readonly kind: LocatorKind
  readonly backbone: Backbone
}

/** Frames with the truth about them. */
export interface PlacedBatch {
  /** (N, H, W, 3), 0..255 */
  readonly frames: Tensor4D
  /** (N, 2), metres */
  readonly coordinates: Tensor2D
  /** (N), int32 */
  readonly cells: Tensor1D
}

/** How well a network does on each frame of a batch. */
export interface Scores {
  /** (N): cross-entropy, or the mean of both coordinates' squared errors. */
  readonly loss: Tensor1D
  /** (N): 1 if the cell is right, else 0; or the distance from the true place in metres. */
  readonly quality: Tensor1D
}

/**
 * Runs a network over frames and compares.
 * @param parameters those of the last layer: `last.weight` (features, out) and `last.bias`
 * @param layers the others
 */
export function scoreFrames(
  { kind, backbone }: LocatorNetwork,
  { frames, coordinates, cells }: PlacedBatch,
  parameters: Parameters,
  layers: TrainedLayers,
): Scores {
  const all = backbone.run(standardiseFrames(frames), layers)
  const features = kind === 'regressor' && backbone.dropout > 0 ? layers.dropped(all, backbone.dropout) : all
  const outputs = linear(features, scopeOf(parameters, 'last.')) as Tensor2D
  const chosen = tf.oneHot(cells, CELLS).toFloat()
  return kind === 'classifier'
    ? scoreCells(outputs, chosen, cells)
    : scorePlaces(outputs, chosen, coordinates)
}

function scoreCells(logits: Tensor2D, chosen: Tensor, cells: Tensor1D): Scores {
  const loss = tf.neg<Tensor1D>(tf.sum(tf.mul(tf.logSoftmax(logits), chosen), 1))
  const quality: Tensor1D = tf.cast(tf.equal(tf.argMax<Tensor1D>(logits, 1), cells), 'float32')
  return { loss, quality }
}

/** Only the outputs of the true cell count. */
function scorePlaces(outputs: Tensor2D, chosen: Tensor, coordinates: Tensor2D): Scores {
  const perCell = tf.reshape(outputs, [-1, CELLS, 2])
  const places = tf.sum(tf.mul(perCell, tf.expandDims(chosen, 2)), 1)
  const squares = tf.square(tf.sub(places, coordinates))
  return { loss: tf.mean(squares, 1), quality: tf.sqrt(tf.sum(squares, 1)) }
}
