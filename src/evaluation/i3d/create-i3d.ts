import { UserError } from '../../errors.js'
import { compile } from '../../runtime/compile.js'
import { tf, type Tensor, type Tensor5D } from '../../runtime/tf.js'
import { CLASSES } from './architecture.js'
import type { FoldedWeights } from './fold-i3d-weights.js'
import { stem } from './stem.js'
import { trunk } from './trunk.js'

/** A video on the host. */
export interface PixelVideo {
  /** (T, height, width, 3), uint8 */
  readonly pixels: Uint8Array
  readonly height: number
  readonly width: number
}

export interface I3d {
  /** Where the weights came from, and a SHA-256 of their values, whatever form they had. */
  readonly weights: { readonly file: string; readonly hash: string }
  /** Numbers in a feature vector: 400. */
  readonly dimensions: number
  /**
   * The logits of a whole video, averaged over time, before softmax.
   * @throws UserError if it has fewer than 9 frames.
   */
  logits(video: PixelVideo): Promise<Float32Array>
  /** Frees the weights. */
  dispose(): void
}

const FEWEST_FRAMES = 9

/**
 * Makes I3D, the network behind the Fréchet video distance, of weights that are read.
 * @param file where they came from
 * @param longestStretch how much of a video goes through the first layers at once, in pairs of frames; it
 *   decides on memory alone (at 64: 0.3 GB)
 */
export function createI3d(
  { layers, hash }: FoldedWeights,
  file: string,
  { longestStretch = 64 }: { readonly longestStretch?: number } = {},
): I3d {
  const parameters = new Map<string, Tensor>()
  for (const [name, { shape, kernel, bias }] of layers) {
    const isLast = name === 'logits'
    parameters.set(`${name}.weight`, tf.tensor(kernel, isLast ? shape.slice(3) : [...shape]))
    parameters.set(`${name}.bias`, tf.tensor1d(bias))
  }
  const runStem = compile(stem)
  const runTrunk = compile(trunk)
  const stemParameters = new Map([...parameters].filter(([name]) => name.startsWith('Conv3d_')))
  const trunkParameters = new Map([...parameters].filter(([name]) => !name.startsWith('Conv3d_')))

  return {
    weights: { file, hash },
    dimensions: CLASSES,
    async logits(video) {
      const result = tf.tidy(() => {
        const pieces = stretches(video, longestStretch).map(({ frames, isFrame, isPlace }) => {
          const inputs = [
            tf.tensor4d(frames, [isFrame.length, video.height, video.width, 3]),
            tf.tensor4d(isFrame, [isFrame.length, 1, 1, 1]),
            tf.tensor5d(isPlace, [1, isPlace.length, 1, 1, 1]),
          ] as const
          const piece = runStem(...inputs, stemParameters)
          tf.dispose([...inputs])
          return piece
        })
        return runTrunk(firstPlaces(pieces, placesOf(video)), trunkParameters)
      })
      const values = await result.data<'float32'>()
      result.dispose()
      return values
    },
    dispose() {
      runStem.dispose()
      runTrunk.dispose()
      tf.dispose([...parameters.values()])
    },
  }
}

const frameCount = ({ pixels, height, width }: PixelVideo) => pixels.length / (height * width * 3)

/** Places in time after the first layer, which takes every second one. */
const placesOf = (video: PixelVideo) => Math.ceil(frameCount(video) / 2)

/**
 * Cuts a video into stretches of the same length, with the frames around them that the stem looks at. The
 * last one goes on behind the end.
 */
function stretches(video: PixelVideo, longest: number) {
  const T = frameCount(video)
  if (T < FEWEST_FRAMES)
    throw new UserError(`I3D takes videos of at least ${FEWEST_FRAMES} frames, this one has ${T}`)
  const places = placesOf(video)
  const count = Math.ceil(places / longest)
  const length = Math.ceil(places / count)
  const frameSize = video.height * video.width * 3
  // TensorFlow's SAME for a window of 7 and steps of 2 pads 5 or 6 in all, the smaller half before.
  const before = T % 2 === 0 ? 2 : 3
  return Array.from({ length: count }, (_, stretch) => {
    const firstPlace = stretch * length - 1
    const firstFrame = 2 * firstPlace - before
    const isFrame = Float32Array.from({ length: 2 * length + 9 }, (_, i) => inside(firstFrame + i, T))
    const isPlace = Float32Array.from({ length: length + 2 }, (_, i) => inside(firstPlace + i, places))
    const frames = new Float32Array(isFrame.length * frameSize)
    const from = Math.max(0, firstFrame)
    const known = video.pixels.subarray(from * frameSize, (firstFrame + isFrame.length) * frameSize)
    frames.set(known, (from - firstFrame) * frameSize)
    return { frames, isFrame, isPlace }
  })
}

const inside = (index: number, length: number) => (index >= 0 && index < length ? 1 : 0)

function firstPlaces(pieces: readonly Tensor5D[], places: number): Tensor5D {
  const joined = pieces.length === 1 ? pieces[0] : tf.concat([...pieces], 1)
  if (!joined) throw new Error('a video without stretches')
  const [batch, , height, width, channels] = joined.shape
  return tf.slice(joined, [0, 0, 0, 0, 0], [batch, places, height, width, channels])
}
