import { createHash } from 'node:crypto'
import { fromPixels } from '../data/pixels.js'
import { fromTorchLayout } from '../model/torch-layout.js'
import { exactBits } from '../exact-bits.js'
import type { Parameters } from '../nn/scope.js'
import { compile } from '../runtime/compile.js'
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../runtime/tf.js'
import { CONVOLUTIONS, requireLpipsSize, type FrameSize } from './alexnet-layers.js'
import { embedFrames } from './embed-frames.js'
import { readLpipsWeights, type LpipsWeights } from './lpips-weights.js'

/** Looks at frames as the LPIPS distance does. */
export interface FrameEmbedder {
  /**
   * One vector per frame; the squared Euclidean distance of two is the LPIPS distance of their frames.
   * They are long: see `lpipsLength`.
   * @param frames (N, height, width, 3): uint8, or float32 in [-1, 1]
   * @throws UserError if the frames are too small for the network.
   */
  embed(frames: Uint8Array | Float32Array, size: FrameSize): Float32Array[]
  /**
   * The same on the device, (N, D), rounded to as many bits as float64 adds without an error (see `exactBits`): some
   * 24 after the point. The caller's to free.
   */
  embedOnDevice(frames: Uint8Array | Float32Array, size: FrameSize): Tensor2D
  /** Tells weights from others. */
  readonly digest: string
  /** Frees the weights. */
  dispose(): void
}

/** As many frames at once keep two cores busy; more only take memory. */
const CHUNK = 16

/**
 * Makes the LPIPS embedding with AlexNet from its weight files, found by what they hold.
 * @param place a folder with torchvision's AlexNet and the linear layers of the lpips package
 * @throws UserError if weights are missing or of another network.
 */
export function loadLpips(place: string): FrameEmbedder {
  const weights = readLpipsWeights(place)
  const parameters = toParameters(weights)
  const embedChunk = compile(embedFrames)
  const bits = exactBits(mostSquaredLength(weights))
  const embedRounded = compile((input: Tensor4D, given: Parameters) =>
    roundToBits(embedFrames(input, given), bits),
  )
  return {
    embed(frames, size) {
      const embeddings: Float32Array[] = []
      for (const input of chunksOf(frames, size)) {
        const output = embedChunk(input, parameters)
        const values = output.dataSync<'float32'>()
        const [count, length] = output.shape
        for (let i = 0; i < count; i++) embeddings.push(values.slice(i * length, (i + 1) * length))
        tf.dispose([input, output])
      }
      return embeddings
    },
    embedOnDevice: (frames, size) =>
      tf.tidy(() =>
        tf.concat2d(
          Array.from(chunksOf(frames, size), (input) => embedRounded(input, parameters)),
          0,
        ),
      ),
    digest: digestOf(weights),
    dispose() {
      embedChunk.dispose()
      embedRounded.dispose()
      tf.dispose([...parameters.values()])
    },
  }
}

/** (at most CHUNK, height, width, 3) each, the caller's. */
function* chunksOf(frames: Uint8Array | Float32Array, size: FrameSize): Generator<Tensor4D, void, undefined> {
  requireLpipsSize(size)
  const { height, width } = size
  const frameSize = height * width * 3
  for (let start = 0; start < frames.length; start += CHUNK * frameSize) {
    const chunk = frames.subarray(start, start + CHUNK * frameSize)
    const scaled = chunk instanceof Uint8Array ? fromPixels(chunk) : chunk
    yield tf.tensor4d(scaled, [chunk.length / frameSize, height, width, 3])
  }
}

/** Of any embedding: each layer has at each place a vector of length 1, weighted, and takes the mean of places. */
function mostSquaredLength(weights: LpipsWeights): number {
  const largest = CONVOLUTIONS.map((_, i) =>
    (weights.get(`lin${i}.model.1.weight`) ?? new Float32Array()).reduce((most, w) => Math.max(most, w), 0),
  )
  return largest.reduce((sum, weight) => sum + weight, 0)
}

function roundToBits(x: Tensor2D, bits: number): Tensor2D {
  return tf.mul(tf.round(tf.mul(x, 2 ** bits)), 2 ** -bits)
}

/** Of the numbers alone: the same weights may lie in other files. */
function digestOf(weights: LpipsWeights): string {
  const hash = createHash('sha256')
  for (const values of weights.values()) hash.update(values)
  return hash.digest('hex').slice(0, 16)
}

function toParameters(weights: LpipsWeights): Map<string, Tensor> {
  const valuesOf = (name: string) => weights.get(name) ?? new Float32Array()
  const parameters = new Map<string, Tensor>()
  CONVOLUTIONS.forEach(({ layer, shape }, i) => {
    parameters.set(`features.${layer}.weight`, fromTorchLayout(valuesOf(`features.${layer}.weight`), shape))
    parameters.set(`features.${layer}.bias`, tf.tensor1d(valuesOf(`features.${layer}.bias`)))
    parameters.set(`lin${i}`, tf.tensor1d(valuesOf(`lin${i}.model.1.weight`).map(Math.sqrt)))
  })
  return parameters
}
