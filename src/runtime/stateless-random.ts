import seedrandom from 'seedrandom'
import type { DeviceSeed } from './random-normal.js'
import { type Tensor, tf } from './tf.js'

export type Distribution = 'normal' | 'uniform'

/**
 * Numbers that are a function of the seed alone. On TensorFlow they are made on the device, by the
 * counter-based generator Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011),
 * with the seed as an input, so that a recorded step draws new numbers for every seed it is fed. On
 * WebAssembly they are made on the host.
 */
export function drawRandom(distribution: Distribution, shape: readonly number[], seed: DeviceSeed): Tensor {
  return tf.tidy(() => {
    const seeds = seed instanceof tf.Tensor ? seed : tf.tensor1d([...seed], 'int32')
    if (seeds.size !== 2) throw new RangeError(`a seed is two integers, got ${seeds.size}`)
    if (tf.getBackend() === 'tensorflow') return onDevice(distribution, shape, seeds)
    return tf.tensor(onHost(distribution, tf.util.sizeFromShape([...shape]), seeds), [...shape])
  })
}

const OPERATIONS = { normal: 'StatelessRandomNormal', uniform: 'StatelessRandomUniform' } as const

/** The part of the TensorFlow backend that runs any operation by its name. */
interface OperationRunner {
  executeMultipleOutputs(
    name: string,
    attributes: readonly { name: string; type: number; value: unknown }[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[]
  readonly binding: Readonly<Record<'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32', number>>
}

function onDevice(distribution: Distribution, shape: readonly number[], seeds: Tensor): Tensor {
  const backend = tf.backend() as unknown as OperationRunner
  const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding
  const attributes = [
    { name: 'dtype', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'T', type: TF_ATTR_TYPE, value: TF_INT32 },
    { name: 'Tseed', type: TF_ATTR_TYPE, value: TF_INT32 },
  ]
  const inputs = [tf.tensor1d([...shape], 'int32'), seeds]
  const [numbers] = backend.executeMultipleOutputs(OPERATIONS[distribution], attributes, inputs, 1)
  if (!numbers) throw new Error(`${OPERATIONS[distribution]} returned nothing`)
  return numbers
}

function onHost(distribution: Distribution, size: number, seeds: Tensor): Float32Array {
  const generator = seedrandom.alea(JSON.stringify([...seeds.dataSync()]))
  const numbers = new Float32Array(size)
  if (distribution === 'uniform') {
    // 24 bits are what a float32 below 1 can hold; more would be rounded up to 1 now and then.
    return numbers.map(() => Math.floor(generator.quick() * 2 ** 24) / 2 ** 24)
  }
  for (let i = 0; i < size; i += 2) {
    // Box-Muller: two independent normal numbers from a radius and an angle.
    const radius = Math.sqrt(-2 * Math.log(1 - generator.quick()))
    const angle = 2 * Math.PI * generator.quick()
    numbers[i] = radius * Math.cos(angle)
    if (i + 1 < size) numbers[i + 1] = radius * Math.sin(angle)
  }
  return numbers
}
