import { createHash } from 'node:crypto'
import { UserError } from '../../errors.js'
import { CLASSES, i3dUnits, LAST_CHANNELS } from './architecture.js'
import type { Part, WeightSource } from './weight-source.js'

/** A layer ready to run. */
export interface FoldedLayer {
  /** (t, h, w, in, out) */
  readonly shape: readonly [number, number, number, number, number]
  readonly kernel: Float32Array
  readonly bias: Float32Array
}

export interface FoldedWeights {
  /** By PyTorch name; `logits` is the last. */
  readonly layers: ReadonlyMap<string, FoldedLayer>
  /** SHA-256 of all of them: the same whichever form they came in. */
  readonly hash: string
}

/** What batch normalisation adds to the variance. */
const EPSILON = 1e-3

/**
 * Reads and checks the weights of all layers, with batch normalisation folded into kernel and bias, as its
 * statistics are fixed.
 * @throws UserError naming the file and the tensor that is missing or has another shape.
 */
export function foldI3dWeights(source: WeightSource): FoldedWeights {
  const layers = new Map<string, FoldedLayer>()
  for (const { name, size, channelsIn, channelsOut } of i3dUnits()) {
    const kernel = readKernel(source, name, [...size, channelsIn, channelsOut])
    const vector = (part: Part) => readVector(source, name, part, channelsOut)
    // The original network was trained without scales, so that its file has none.
    const gamma = source.find(name, 'gamma') ? vector('gamma') : new Float32Array(channelsOut).fill(1)
    const [beta, mean, variance] = [vector('beta'), vector('mean'), vector('variance')]
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt((variance[i] ?? NaN) + EPSILON))
    for (let i = 0; i < kernel.length; i++) kernel[i] = (kernel[i] ?? NaN) * (scale[i % channelsOut] ?? NaN)
    const bias = beta.map((value, i) => value - (mean[i] ?? NaN) * (scale[i] ?? NaN))
    layers.set(name, { shape: [...size, channelsIn, channelsOut], kernel, bias })
  }
  const shape = [1, 1, 1, LAST_CHANNELS, CLASSES] as const
  layers.set('logits', {
    shape,
    kernel: readKernel(source, 'logits', shape),
    bias: readVector(source, 'logits', 'bias', CLASSES),
  })
  return { layers, hash: hashOf(layers) }
}

function readKernel(
  source: WeightSource,
  layer: string,
  shape: readonly [number, number, number, number, number],
): Float32Array {
  const [t, h, w, channelsIn, channelsOut] = shape
  if (source.channelsLast) return read(source, layer, 'kernel', shape)
  const values = read(source, layer, 'kernel', [channelsOut, channelsIn, t, h, w])
  const moved = new Float32Array(values.length)
  const places = t * h * w
  for (let out = 0, from = 0; out < channelsOut; out++)
    for (let into = 0; into < channelsIn; into++)
      for (let place = 0; place < places; place++)
        moved[(place * channelsIn + into) * channelsOut + out] = values[from++] ?? NaN
  return moved
}

/** Vectors of batch normalisation may have axes of size 1 around them. */
function readVector(source: WeightSource, layer: string, part: Part, length: number): Float32Array {
  const { shape } = source.find(layer, part) ?? {}
  const isVector = shape?.every((size, axis) => size === (axis === shape.length - 1 ? length : 1))
  return read(source, layer, part, isVector && shape ? shape : [length])
}

function read(source: WeightSource, layer: string, part: Part, shape: readonly number[]): Float32Array {
  const tensor = source.find(layer, part)
  const name = source.nameOf(layer, part)
  if (!tensor)
    throw new UserError(
      `${source.file}: the tensor ${name} of shape [${shape.join(', ')}] is missing; these are not the weights of I3D on Kinetics-400`,
    )
  if (tensor.shape.join() !== shape.join())
    throw new UserError(
      `${source.file}: ${name} has shape [${tensor.shape.join(', ')}], I3D on Kinetics-400 has [${shape.join(', ')}]`,
    )
  return tensor.toFloat32()
}

function hashOf(layers: ReadonlyMap<string, FoldedLayer>): string {
  const hash = createHash('sha256')
  for (const [name, { shape, kernel, bias }] of layers)
    hash.update(`${name} ${shape.join()}\n`).update(kernel).update(bias)
  return hash.digest('hex')
}
