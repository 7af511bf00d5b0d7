import { afterEach, describe, expect, it, vi } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { compile } from '../../src/runtime/compile.js'
import { hasProcessorOperation, nativeExtension } from '../../src/runtime/native-extension.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { runOperation } from '../../src/runtime/run-operation.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../../src/runtime/tf.js'
import { availableBackends, describeEachBackend } from '../helpers/backends.js'
import { onGpu } from '../helpers/on-gpu.js'
import { startRuntime } from '../../src/runtime/start.js'

const hasExtension = await startRuntime().then(() => nativeExtension() !== undefined)
const values = (tensor: Tensor | undefined) => [...(tensor?.dataSync() ?? [])]
const double = (x: Tensor): Tensor => tf.mul(x, 2)

describeEachBackend('a compiled function', (backend) => {
  it('gives what the function gives, for records, lists and maps of tensors', () => {
    const run = compile(
      (x: Tensor, named: ReadonlyMap<string, Tensor>, options: { readonly scale?: Tensor }) => {
        const sum = tf.add(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true), named.get('bias') ?? 0)
        const [first, rest] = tf.split(sum, [1, 1]) as [Tensor, Tensor]
        const scaled = options.scale ? tf.mul(rest, options.scale) : rest
        return { parts: [first, scaled], all: new Map([['mean', tf.mean(sum)]]) }
      },
    )
    const x = tf.tensor2d([[1, 2], [3, 4]]) // prettier-ignore
    const named = new Map([['bias', tf.tensor1d([10, 20])]])
    for (const scale of [undefined, tf.scalar(2), tf.scalar(3)]) {
      const { parts, all } = run(x, named, scale ? { scale } : {})
      expect(values(parts[0])).toEqual([15, 31])
      const factor = scale ? (values(scale)[0] ?? NaN) : 1
      expect(values(parts[1])).toEqual([21 * factor, 45 * factor])
      expect(values(all.get('mean'))).toEqual([28])
    }
    run.dispose()
  })

  it('runs the function once for each set of shapes', () => {
    const fn = vi.fn(double)
    const run = compile(fn)
    for (const size of [2, 3, 2, 3]) {
      for (const offset of [0, 5]) {
        const x = tf.range(offset, offset + size)
        expect(values(run(x))).toEqual(values(double(x)))
      }
    }
    expect(fn).toHaveBeenCalledTimes(backend === 'tensorflow' && hasExtension ? 2 : 8)
    run.dispose()
    expect(values(run(tf.ones([2])))).toEqual([2, 2])
    run.dispose()
  })

  it('keeps the recordings used last, and no more than 32', () => {
    const fn = vi.fn(double)
    const run = compile(fn)
    const runFor = (size: number) => tf.dispose(run(tf.ones([size])))
    for (let size = 1; size <= 32; size++) runFor(size)
    runFor(1)
    runFor(33)
    expect(fn).toHaveBeenCalledTimes(backend === 'tensorflow' && hasExtension ? 33 : 34)
    fn.mockClear()
    runFor(1)
    // Size 2 made way for 33.
    runFor(2)
    expect(fn).toHaveBeenCalledTimes(backend === 'tensorflow' && hasExtension ? 1 : 2)
    run.dispose()
  })

  it('keeps as few recordings as it is told', () => {
    const fn = vi.fn(double)
    const run = compile(fn, {}, 2)
    const runFor = (size: number) => tf.dispose(run(tf.ones([size])))
    for (const size of [1, 2, 1, 3, 1, 2]) runFor(size)
    // Size 2 made way for 3, and came again.
    expect(fn).toHaveBeenCalledTimes(backend === 'tensorflow' && hasExtension ? 4 : 6)
    run.dispose()
  })

  it('tells arguments apart that share their values while it is recorded', () => {
    const run = compile((a: Tensor, b: Tensor) => tf.sub(tf.mul(a, 2), b))
    const x = tf.tensor1d([1, 2])
    expect(values(run(x, x.clone()))).toEqual([1, 2])
    expect(values(run(x, tf.tensor1d([10, 20])))).toEqual([-8, -16])
    run.dispose()
  })

  it('returns arguments, constants and the same result twice as tensors of their own', () => {
    const run = compile((x: Tensor) => {
      const doubled = tf.mul(x, 2)
      return [tf.clone(x), tf.clone(x), tf.tensor1d([7, 8]), doubled, tf.clone(doubled), tf.ones([40])]
    })
    const results = run(tf.tensor1d([1, 2]))
    expect(results.slice(0, 5).map(values)).toEqual([[1, 2], [1, 2], [7, 8], [2, 4], [2, 4]]) // prettier-ignore
    expect(values(results[5])).toEqual(Array.from({ length: 40 }, () => 1))
    run.dispose()
  })

  it('draws new random numbers for a new seed, the same for the same', () => {
    const run = compile((seed: Tensor) => randomNormal([50], seed))
    const [a, b, c] = [[1, 2], [1, 2], [1, 3]].map((seed) => values(run(tf.tensor1d(seed, 'int32')))) // prettier-ignore
    expect(b).toEqual(a)
    expect(c).not.toEqual(a)
    run.dispose()
  })

  it('can take gradients inside, and be differentiated from outside', () => {
    const cube = compile((x: Tensor) => tf.mul(x, tf.square(x)))
    const slope = compile((x: Tensor) => tf.grad((inner: Tensor) => cube(inner))(x))
    const x = tf.tensor1d([1, 2, 3])
    expect(values(slope(x))).toEqual([3, 12, 27])
    expect(values(tf.grad((inner: Tensor) => cube(inner))(x))).toEqual([3, 12, 27])
    slope.dispose()
    cube.dispose()
  })

  it('rounds the factors of products to bfloat16 if asked to, and adds up in float32', () => {
    const size = 64
    const run = compile((x: Tensor2D, y: Tensor2D) => tf.add(tf.matMul(x, y), 0.001), { precision: 'bf16' })
    const x = tf.mul<Tensor2D>(tf.ones([size, size]), 1 + 2 ** -9)
    const isCompiled = backend === 'tensorflow' && hasExtension
    const expected = size * (isCompiled ? 1 : (1 + 2 ** -9) ** 2) + 0.001
    expect(values(run(x, x))[0]).toBeCloseTo(expected, 4)
    run.dispose()
  })

  it('gives the same through XLA, and does without our own operations there', () => {
    const seen = new Set<boolean>()
    const fn = (x: Tensor) => {
      seen.add(hasProcessorOperation('FdmGroupNorm'))
      return tf.softmax(tf.mul(x, 3))
    }
    const run = compile(fn, { xla: true })
    const x = tf.tensor2d([[1, 2], [3, 5]]) // prettier-ignore
    values(run(x)).forEach((value, i) => {
      expect(value).toBeCloseTo(values(fn(x))[i] ?? NaN, 6)
    })
    // Not on a GPU either.
    const has = backend === 'tensorflow' && hasExtension && !onGpu
    expect([...seen]).toEqual(has ? [false, true] : [false])
    run.dispose()
  })

  it('keeps no tensors', () => {
    const run = compile((x: Tensor) => [tf.softmax(tf.mul(x, 3)), tf.sum(x)])
    const x = tf.randomNormal([4, 5])
    const counts = Array.from({ length: 4 }, () => {
      tf.dispose(run(x))
      return [tf.memory().numTensors, tf.memory().numDataBuffers]
    })
    expect(new Set(counts.map(String)).size).toBe(1)
    run.dispose()
  })
})

// What can go wrong in a recording; where nothing is recorded, nothing is refused.
describe.runIf(hasExtension && availableBackends().includes('tensorflow'))('recording', () => {
  const given = () => tf.tensor1d([1, 2, 3])
  afterEach(() => {
    // A recording that failed leaves the backend as it was.
    expect(values(tf.add(given(), 1))).toEqual([2, 3, 4])
    expect(values(compile((x: Tensor) => tf.add(x, 1))(given()))).toEqual([2, 3, 4])
    expect(Math.random()).not.toBe(Math.random())
    expect(Object.hasOwn(crypto, 'getRandomValues')).toBe(false)
  })

  it.each<[string, (x: Tensor) => Tensor, RegExp]>([
    [
      'reading a result',
      (x) => tf.mul(x, tf.sum(x).dataSync()[0] ?? 0),
      /the function reads a result of Sum back/,
    ],
    ['reading an argument', (x) => tf.mul(x, x.dataSync()), /the function reads an argument back/],
    [
      'an operation that reads',
      (x) => tf.gather(x, tf.cast(tf.mul(x, 0), 'int32')),
      /the operation gather reads a result of Cast back/,
    ],
    [
      'random numbers of the host',
      (x) => tf.add(x, tf.randomNormal([3])),
      /the operation randomNormal draws random/,
    ],
    [
      'random numbers with a seed',
      (x) => tf.add(x, tf.randomUniform([3], 0, 1, 'float32', 7)),
      /randomUniform draws/,
    ],
    ['tf.dropout', (x) => tf.dropout(x, 0.5), /the operation dropout draws random numbers on the host/],
    [
      'tf.rand',
      (x) =>
        tf.add(
          x,
          tf.rand([3], () => 0.5),
        ),
      /the operation rand draws/,
    ],
    ['tf.multinomial', (x) => tf.multinomial(x as Tensor1D, 3, 5), /the operation multinomial draws/],
    [
      'an operation that draws without being fed a seed',
      (x) =>
        tf.add(
          x,
          runOperation('RandomStandardNormal', [tf.tensor1d([3], 'int32')], { dtype: { type: 'float32' } }),
        ),
      /RandomStandardNormal draws random numbers with a seed of its own/,
    ],
    [
      'Math.random',
      (x) => tf.mul(x, Math.random()),
      /^Math.random draws random numbers on the host while the/,
    ],
    ['a random branch', (x) => (Math.random() < 2 ? x : tf.mul(x, 2)), /^Math.random draws/],
    [
      'crypto.getRandomValues',
      (x) => tf.mul(x, crypto.getRandomValues(new Uint8Array(1))[0] ?? NaN),
      /^crypto.getRandomValues draws/,
    ],
    ['hostRandom', (x) => tf.mul(x, hostRandom('frozen').uniform()), /^hostRandom draws/],
    [
      'data',
      () => tf.tensor1d(Float32Array.from({ length: 70_000 }, (_, i) => i)).square(),
      /constant of 70000 numbers/,
    ],
  ])('refuses %s', async (_, fn, message) => {
    await startRuntime({ backend: 'tensorflow' })
    expect(() => compile(fn)(given())).toThrow(message)
  })

  it('refuses tensors from outside, on the device or still on the host', () => {
    const [host, device] = [tf.tensor1d([1, 1, 1]), tf.square(given())]
    for (const outside of [host, device])
      expect(() => compile((x: Tensor) => tf.mul(x, outside))(given())).toThrow(
        /can only be used in it as an argument/,
      )
    expect(() => compile((x: Tensor) => [x, device])(given())).toThrow(
      /result 2 of the function: a tensor that was made before/,
    )
    expect(() => compile((y: Tensor) => tf.mul(device, y))(device)).toThrow(
      /input 1 of Mul: a tensor that was made before/,
    )
  })

  it('takes indices and other constants that are read back', () => {
    const run = compile((x: Tensor) => tf.gather(x, tf.tensor1d([2, 0], 'int32')))
    expect(values(run(given()))).toEqual([3, 1])
    run.dispose()
  })
})
