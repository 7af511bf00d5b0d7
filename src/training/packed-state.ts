import type { Parameters } from '../nn/scope.js'
import { tf, type Tensor, type Tensor1D } from '../runtime/tf.js'
import type { ParametricNetwork } from './gradients.js'
import { nameTensors, type TrainingState } from './state.js'

/** How the parameters lie in one tensor: in this order, each in C order. */
export interface Packing {
  readonly names: readonly string[]
  readonly shapes: readonly (readonly number[])[]
}

/** The one name in a packed state. */
const PACKED = 'packed'

export function packingOf(params: Parameters): Packing {
  return { names: [...params.keys()], shapes: [...params.values()].map(({ shape }) => shape) }
}

/**
 * A state with one tensor in place of each map: a step of thousands of arguments and results spends a good part
 * of its time on passing these. The caller owns both.
 */
export function packState(state: TrainingState): TrainingState {
  return mapState(state, (tensors) => {
    const packed = tf.tidy(() => tf.concat1d([...tensors.values()].map((tensor) => tensor.as1D())))
    return new Map([[PACKED, packed]])
  })
}

/** The inverse of {@link packState}. The caller owns both. */
export function unpackState(state: TrainingState, packing: Packing): TrainingState {
  return mapState(state, (packed) => unpack(packed, packing))
}

/** A network of packed parameters. */
export function packedNetwork(network: ParametricNetwork, packing: Packing): ParametricNetwork {
  return (packed, conditioning, dropoutSeed) => network(unpack(packed, packing), conditioning, dropoutSeed)
}

function unpack(packed: Parameters, { names, shapes }: Packing): Parameters {
  const all = packed.get(PACKED) as Tensor1D
  const tensors = tf.tidy(() => {
    const parts = tf.split(all, shapes.map((shape) => tf.util.sizeFromShape([...shape]))) // prettier-ignore
    return parts.map((part, i): Tensor => tf.reshape(part, [...(shapes[i] ?? [])]))
  })
  return nameTensors(names, tensors)
}

function mapState(
  { params, expAvg, expAvgSq, ema }: TrainingState,
  change: (tensors: Parameters) => Parameters,
): TrainingState {
  return { params: change(params), expAvg: change(expAvg), expAvgSq: change(expAvgSq), ema: ema.map(change) }
}
