import seedrandom from 'seedrandom'
import { runOperation } from './run-operation.js'
import { type Tensor, tf } from './tf.js'

/** What determines the numbers: two integers in [0, 2^31), or an int32 tensor of shape [2]. */
export type DeviceSeed = readonly [number, number] | Tensor

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

function onDevice(distribution: Distribution, shape: readonly number[], seeds: Tensor): Tensor {
  return runOperation(OPERATIONS[distribution], [tf.tensor1d([...shape], 'int32'), seeds], {
    dtype: { type: 'float32' },
    T: { type: 'int32' },
    Tseed: { type: 'int32' },
  })
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
