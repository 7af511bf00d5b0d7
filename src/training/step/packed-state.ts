import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor } from '../../runtime/tf.js'
import { nameTensors, type TrainingState } from './state.js'

/** How the parameters lie in one tensor, or in a few: in this order, each in C order. */
export type Packing = readonly Bucket[]

interface Bucket {
  /** Its name in a packed state. */
  readonly bucket: string
  readonly names: readonly string[]
  readonly shapes: readonly (readonly number[])[]
}

/** @param buckets tensors, of about the same size, of neighbouring parameters each */
export function packingOf(params: Parameters, buckets = 1): Packing {
  const entries = [...params].map(([name, { shape, size }]) => ({ name, shape, size }))
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  const bucketOf = new Map(
    entries.map(({ name, size }) => {
      const middle = before + size / 2
      before += size
      return [name, Math.floor((buckets * middle) / total)]
    }),
  )
  return Array.from({ length: buckets }, (_, i) => {
    const own = entries.filter(({ name }) => bucketOf.get(name) === i)
    return { bucket: `packed${i}`, names: own.map(({ name }) => name), shapes: own.map(({ shape }) => shape) }
  }).filter(({ names }) => names.length > 0)
}

/**
 * A state with one tensor, or a few, in place of each map: a step of thousands of arguments and results spends
 * a good part of its time on passing these. The caller owns both.
 */
export function packState(state: TrainingState, packing = packingOf(state.params)): TrainingState {
  return mapState(state, (tensors) => {
    const concatenated = (names: readonly string[]) =>
      tf.tidy(() => tf.concat1d(names.map((name) => scopeOf(tensors).get(name).as1D())))
    return new Map(packing.map(({ bucket, names }) => [bucket, concatenated(names)]))
  })
}

/** The inverse of {@link packState}. The caller owns both. */
export function unpackState(state: TrainingState, packing: Packing): TrainingState {
  return mapState(state, (packed) => unpack(packed, packing))
}

/** Parameters that lie in the tensors given, which the caller owns as well. */
export function unpack(packed: Parameters, packing: Packing): Parameters {
  const tensors = tf.tidy(() =>
    packing.flatMap(({ bucket, shapes }) => {
      const sizes = shapes.map((shape) => tf.util.sizeFromShape([...shape]))
      const all = scopeOf(packed).get(bucket)
      // The library has no gradient of a split into one part.
      const parts = sizes.length === 1 ? [all] : tf.split(all, sizes)
      return parts.map((part, i): Tensor => tf.reshape(part, [...(shapes[i] ?? [])]))
    }),
  )
  return nameTensors(
    packing.flatMap(({ names }) => names),
    tensors,
  )
}

function mapState(
  { params, expAvg, expAvgSq, ema }: TrainingState,
  change: (tensors: Parameters) => Parameters,
): TrainingState {
  return { params: change(params), expAvg: change(expAvg), expAvgSq: change(expAvgSq), ema: ema.map(change) }
}
