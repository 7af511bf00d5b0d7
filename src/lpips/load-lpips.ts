import { createHash } from 'node:crypto'
import { fromPixels } from '../data/pixels.js'
import { fromTorchLayout } from '../model/torch-layout.js'
import { compile } from '../runtime/compile.js'
import { tf, type Tensor } from '../runtime/tf.js'
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
  return {
    embed(frames, size) {
      requireLpipsSize(size)
      const { height, width } = size
      const frameSize = height * width * 3
      const embeddings: Float32Array[] = []
      for (let start = 0; start < frames.length; start += CHUNK * frameSize) {
        const chunk = frames.subarray(start, start + CHUNK * frameSize)
        const scaled = chunk instanceof Uint8Array ? fromPixels(chunk) : chunk
        const input = tf.tensor4d(scaled, [chunk.length / frameSize, height, width, 3])
        const output = embedChunk(input, parameters)
        const values = output.dataSync<'float32'>()
        const [count, length] = output.shape
        for (let i = 0; i < count; i++) embeddings.push(values.slice(i * length, (i + 1) * length))
        tf.dispose([input, output])
      }
      return embeddings
    },
    digest: digestOf(weights),
    dispose() {
      embedChunk.dispose()
      tf.dispose([...parameters.values()])
    },
  }
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
