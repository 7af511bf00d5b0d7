import { beforeAll, describe, expect, it } from 'vitest'
import { fusedGroupNorm, hasFusedGroupNorm } from '../../src/nn/fused-group-norm.js'
import type { Activation } from '../../src/nn/group-norm-settings.js'
import { groupNorm } from '../../src/nn/group-norm.js'
import { plainGroupNorm } from '../../src/nn/plain-group-norm.js'
import { computesOnGpu, nativeExtension } from '../../src/runtime/native-extension.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tensorflowBackend } from '../../src/runtime/tensorflow-backend.js'
import { type Tensor, type Tensor2D, type Tensor3D, tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { ownBinding } from '../helpers/own-binding.js'

type Inputs = readonly [x: Tensor3D, gamma: Tensor2D, beta: Tensor2D]

/** Features around 3, far from their standard deviation of 0.5, and parameters of the given rows. */
function inputs(samples: number, places: number, channels: number, rows: number): Inputs {
  const numbers = (shape: number[], seed: number, mean: number, deviation: number) => {
    return tf.add(tf.mul(randomNormal(shape, [seed, 0]), deviation), mean)
  }
  return [
    numbers([samples, places, channels], 1, 3, 0.5) as Tensor3D,
    numbers([rows, channels], 2, 1, 0.5) as Tensor2D,
    numbers([rows, channels], 3, 0, 1) as Tensor2D,
  ]
}

/** The values, and the gradients of sum(values * dy). */
function run(norm: typeof groupNorm, given: Inputs, activation: Activation): Tensor[] {
  const dy = randomNormal(given[0].shape, [4, 0])
  const gradients = tf.grads((...tensors: Tensor[]) => {
    const [x, gamma, beta] = tensors as unknown as Inputs
    return norm(x, gamma, beta, activation)
  })
  return [norm(...given, activation), ...gradients([...given], dy)]
}

/** In double precision, from the definition: the mean and variance over places and channels of a group. */
function reference([x, gamma, beta]: Inputs, activation: Activation): number[] {
  const [, places, channels] = x.shape
  const size = channels / 32
  const [values, scales, shifts] = [x, gamma, beta].map((tensor) => tensor.dataSync())
  const at = (i: number) => values?.[i] ?? NaN
  const result: number[] = []
  for (let i = 0; i < x.size; i++) {
    const sample = Math.floor(i / (places * channels))
    const channel = i % channels
    const first = channel - (channel % size)
    const group = Array.from({ length: places * size }, (_, k) => {
      return at((sample * places + Math.floor(k / size)) * channels + first + (k % size))
    })
    const mean = group.reduce((sum, value) => sum + value, 0) / group.length
    const variance = group.reduce((sum, value) => sum + (value - mean) ** 2, 0) / group.length
    const row = (gamma.shape[0] === 1 ? 0 : sample) * channels + channel
    const u = ((at(i) - mean) / Math.sqrt(variance + 1e-5)) * (scales?.[row] ?? NaN) + (shifts?.[row] ?? NaN)
    result.push(activation === 'silu' ? u / (1 + Math.exp(-u)) : u)
  }
  return result
}

/** Of the values and gradients of both forms, relative to the largest of each, or 1. */
function largestDifference(given: Inputs, activation: Activation): number {
  const [fused, plain] = [fusedGroupNorm, plainGroupNorm].map((norm) => run(norm, given, activation))
  const differences = plain?.map((expected, i) => {
    const tensor = fused?.[i]
    expect(tensor?.shape).toEqual(expected.shape)
    const difference = tf.max(tf.abs(tf.sub(tensor ?? NaN, expected)))
    return tf.div(difference, tf.maximum(tf.max(tf.abs(expected)), 1)).dataSync()[0] ?? NaN
  })
  return Math.max(...(differences ?? [NaN]))
}

describeEachBackend('groupNorm', (backend) => {
  it.each(['silu', 'none'] as const)('is what its definition says, activation %s', (activation) => {
    for (const rows of [1, 2]) {
      const given = inputs(2, 5, 64, rows)
      const y = groupNorm(...given, activation).dataSync()
      const expected = reference(given, activation)
      expected.forEach((value, i) => expect(y[i]).toBeCloseTo(value, 4))
    }
  })

  it('leaves nothing behind', () => {
    const once = () => tf.tidy(() => void run(groupNorm, inputs(2, 3, 32, 2), 'silu'))
    once()
    const { numTensors } = tf.memory()
    once()
    expect(tf.memory().numTensors).toBe(numTensors)
    expect(tf.getBackend()).toBe(backend)
  })
})

describe.runIf(ownBinding)('the fused form', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('is used on processors', () => {
    expect(nativeExtension()?.hasOperation('FdmGroupNorm')).toBe(true)
    expect(hasFusedGroupNorm()).toBe(!computesOnGpu())
  })

  // Few samples of many places are divided among threads, many samples are not.
  const shapes = [32, 64, 96, 160].flatMap((channels) => {
    return [
      [1, 1000, channels],
      [3, 301, channels],
      [40, 8, channels],
      [2, 1, channels],
    ] as const
  })

  it.each(shapes)('equals the plain form for x (%i, %i, %i)', (samples, places, channels) => {
    // Sums of up to a thousand float32 numbers, taken in another order. In a group of few numbers those of
    // the gradient cancel, and are divided by a standard deviation that can be as small as sqrt(1e-5).
    const tolerance = places === 1 ? 2e-4 : 1e-5
    for (const activation of ['silu', 'none'] as const) {
      for (const rows of new Set([1, samples])) {
        const given = inputs(samples, places, channels, rows)
        expect(largestDifference(given, activation)).toBeLessThan(tolerance)
      }
    }
  })

  it('divides what is large as it computes what is small', () => {
    expect(largestDifference(inputs(1, 16384, 32, 1), 'silu')).toBeLessThan(3e-5)
  })

  it('computes bfloat16 to the precision of its inputs and results', () => {
    for (const [samples, places] of [
      [1, 1000],
      [40, 8],
    ] as const) {
      const [x, gamma, beta] = inputs(samples, places, 64, samples)
      const dy = randomNormal(x.shape, [4, 0])
      const rough = inBfloat16(x, gamma, beta, dy)
      // What the rounding of x and dy to 8 bits leaves: 2^-9 of 3 is 1/85 of the standard deviation.
      run(plainGroupNorm, [x, gamma, beta], 'silu').forEach((exact, i) => {
        const norm = (tensor: Tensor) => tf.sqrt(tf.mean(tf.square(tensor))).dataSync()[0] ?? NaN
        expect(norm(tf.sub(rough[i] ?? NaN, exact)) / norm(exact)).toBeLessThan(0.02)
      })
    }
  })

  it('keeps to numbers where the exponential leaves the range of float32', () => {
    const x = tf.tile(tf.tensor3d([-1, 1], [1, 2, 1]), [1, 1, 32])
    const [gamma, beta] = [tf.fill([1, 32], 1000), tf.zeros([1, 32])] as [Tensor2D, Tensor2D]
    const [rough, ...gradients] = inBfloat16(x, gamma, beta, tf.ones(x.shape))
    for (const y of [fusedGroupNorm(x, gamma, beta, 'silu'), rough])
      expect([...(y?.dataSync() ?? [])].filter((_, i) => i % 32 === 0).map(Math.round)).toEqual([-0, 1000])
    for (const gradient of gradients) expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true)
  })

  it('refuses shapes that do not fit', () => {
    const norm = (x: [number, number, number], gamma: number[]) => () => {
      return fusedGroupNorm(tf.zeros<tf.Rank.R3>(x), tf.zeros(gamma), tf.zeros(gamma), 'none')
    }
    expect(norm([2, 3, 33], [1, 33])).toThrow(/multiple of 32 groups, got \[2,3,33\]/)
    expect(norm([2, 3, 32], [3, 32])).toThrow(/gamma and beta \(N or 1, C\).* got \[3,32\]/)
    expect(norm([2, 0, 32], [1, 32])).toThrow(/not empty/)
  })
})

/** The values and gradients with SiLU of x and dy cast to bfloat16, which has no tensors in JavaScript. */
function inBfloat16(...tensors: readonly [Tensor, Tensor, Tensor, Tensor]): Tensor[] {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('TensorFlow is not in use')
  const { binding } = backend
  const BFLOAT16 = 14
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value })
  const cast = (id: number | undefined, from: number, to: number) => {
    const attributes = [
      type('SrcT', from),
      type('DstT', to),
      { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false },
    ]
    return binding.executeOp('Cast', attributes, [id ?? NaN], 1)[0]?.id ?? NaN
  }
  const activation = { name: 'activation', type: binding.TF_ATTR_STRING, value: 'silu' }
  const [x, gamma, beta, dy] = backend.getInputTensorIds(tensors) as [number, number, number, number]
  const roughX = cast(x, binding.TF_FLOAT, BFLOAT16)
  const roughDy = cast(dy, binding.TF_FLOAT, BFLOAT16)
  const attributes = [type('T', BFLOAT16), activation]
  const forward = binding.executeOp('FdmGroupNorm', attributes, [roughX, gamma, beta], 3).map(({ id }) => id)
  const [y, mean, rstd] = forward as [number, number, number]
  const ids = [roughDy, roughX, gamma, beta, mean, rstd]
  const backward = binding.executeOp('FdmGroupNormGrad', attributes, ids, 3).map(({ id }) => id)
  const [dx, dgamma, dbeta] = backward as [number, number, number]
  const results = [cast(y, BFLOAT16, binding.TF_FLOAT), cast(dx, BFLOAT16, binding.TF_FLOAT), dgamma, dbeta]
  return results.map((id, i) => {
    return tf.tensor(binding.tensorDataSync(id) as Float32Array, tensors[i === 0 ? 0 : i - 1]?.shape)
  })
}
