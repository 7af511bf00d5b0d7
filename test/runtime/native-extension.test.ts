import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  isExtension,
  isOutdated,
  nativeExtension,
  type NativeExtension,
} from '../../src/runtime/native-extension.js'
import { hostRandom } from '../../src/random.js'
import { range } from '../../src/schemes/range.js'
import { squaredDistance } from '../../src/squared-distance.js'
import { encodeGraphDef } from '../../src/runtime/recording/graph-def.js'
import { startRuntime } from '../../src/runtime/start.js'
import { type Tensor, tf } from '../../src/runtime/tf.js'
import { ownBinding } from '../helpers/own-binding.js'

/** A message field of protocol buffers whose content is shorter than 128 bytes. */
function field(number: number, content: string | readonly number[]): number[] {
  const bytes = typeof content === 'string' ? [...Buffer.from(content)] : content
  return [(number << 3) | 2, bytes.length, ...bytes]
}

const FLOAT32 = 1 // DT_FLOAT
const FLOAT = [6 << 3, FLOAT32] // AttrValue.type

/** A NodeDef within a GraphDef: name, op, inputs, and one attribute. */
function node(name: string, op: string, inputs: readonly string[], typeAttribute = 'T'): number[] {
  const attribute = [...field(1, typeAttribute), ...field(2, FLOAT)]
  return field(1, [
    ...field(1, name),
    ...field(2, op),
    ...inputs.flatMap((input) => field(3, input)),
    ...field(5, attribute),
  ])
}

/** (a + b) and (a + b) * a */
const GRAPH = Uint8Array.from([
  ...node('a', 'Placeholder', [], 'dtype'),
  ...node('b', 'Placeholder', [], 'dtype'),
  ...node('sum', 'AddV2', ['a', 'b']),
  ...node('product', 'Mul', ['sum', 'a']),
])

it('is not there on WebAssembly', async () => {
  await startRuntime({ backend: 'wasm' })
  expect(nativeExtension()).toBeUndefined()
})

it('tells an addon of an earlier version from ours and from others', () => {
  const [ours, earlier, other] = [{ registerFunction: 1, squaredDistances: 1 }, { registerFunction: 1 }, {}]
  expect([ours, earlier, other].map(isExtension)).toEqual([true, false, false])
  expect([ours, earlier, other].map(isOutdated)).toEqual([false, true, false])
})

describe.runIf(ownBinding)('nativeExtension', () => {
  let extension: NativeExtension

  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
    const found = nativeExtension()
    if (!found) throw new Error('the binding is an old one: run "npx fdm setup"')
    extension = found
  })

  const register = (name: string, outputs = ['product:0', 'sum:0']) => {
    extension.registerFunction(name, GRAPH, ['a:0', 'b:0'], outputs)
  }

  it('runs a registered graph as an operation, outputs in the order asked for', () => {
    register('graph')
    const inputs = [tf.tensor1d([2, 3]), tf.tensor1d([10, 20])]
    const [product, sum] = execute('graph', inputs, 2)
    expect([...(product?.dataSync() ?? [])]).toEqual([24, 69])
    expect([...(sum?.dataSync() ?? [])]).toEqual([12, 23])
    const [second] = execute('graph', [tf.scalar(1), tf.zeros([2, 2])], 2)
    expect(second?.shape).toEqual([2, 2])
  })

  it('knows operations and registered functions by name', () => {
    register('known')
    expect(['AddV2', 'known', 'NoSuchOperation'].map((name) => extension.hasOperation(name))).toEqual([
      true,
      true,
      false,
    ])
  })

  it('forgets a removed function, whose name is free then', () => {
    register('removed')
    extension.removeFunction('removed')
    expect(extension.hasOperation('removed')).toBe(false)
    expect(() => extension.removeFunction('removed')).toThrow(/removed cannot be removed: .*non-existent/)
    register('removed', ['sum:0'])
    const [sum] = execute('removed', [tf.scalar(1), tf.scalar(2)], 1)
    expect(sum?.dataSync()[0]).toBe(3)
  })

  it('throws what TensorFlow says about a bad graph, and goes on', () => {
    const add = (graph: Uint8Array, inputs: string[], outputs: string[]) => () => {
      extension.registerFunction('bad', graph, inputs, outputs)
    }
    const unknown = Uint8Array.from(node('x', 'NoSuchOperation', []))
    const dangling = Uint8Array.from(node('x', 'Neg', ['nothing']))
    expect(add(Uint8Array.of(1, 2, 3), [], [])).toThrow('Invalid GraphDef')
    expect(add(unknown, [], [])).toThrow(/not valid: Op type not registered 'NoSuchOperation'/)
    expect(add(dangling, [], [])).toThrow(/not valid: .*nothing/)
    expect(add(GRAPH, ['a:0'], ['other:0'])).toThrow('no output other:0')
    expect(add(GRAPH, ['a:0'], ['sum:1'])).toThrow('no output sum:1')
    expect(add(GRAPH, ['a:0', 'a:0'], ['sum:0'])).toThrow('cannot be a function')
    expect(extension.hasOperation('bad')).toBe(false)
  })

  it('tells what an operation gives without computing it', () => {
    const input = (name: string, shape: readonly number[]) => ({
      name,
      op: 'Placeholder',
      inputs: [],
      attributes: { dtype: { type: FLOAT32 }, shape: { shape } },
      shapes: [],
    })
    const product = { name: 'product', op: 'MatMul', inputs: ['a:0', 'b:0'], shapes: [] }
    const graph = (rows: number) =>
      encodeGraphDef([
        input('a', [2, 3]),
        input('b', [rows, 5]),
        { ...product, attributes: { T: { type: FLOAT32 } } },
      ])
    expect(extension.inferOutputs(graph(3), 'product')).toEqual([{ dtype: FLOAT32, shape: [2, 5] }])
    expect(() => extension.inferOutputs(graph(4), 'product')).toThrow(/not valid: .*3 and 4/)
    expect(() => extension.inferOutputs(graph(3), 'sum')).toThrow('no operation sum')
    expect(() => extension.inferOutputs(GRAPH, 'sum')).toThrow('shape is not known')
  })

  it('computes distances of vectors, of any number and length', () => {
    const random = hostRandom('distances')
    const vectors = (count: number, length: number) =>
      range(count).map(() => Float32Array.from({ length }, () => random.uniform() - 0.5))
    for (const length of [0, 1, 7, 8, 100, 4096, 4097, 9001])
      for (const [from, against] of [
        [1, 1],
        [5, 4],
        [3, 9],
        [11, 2],
        // Work for several threads.
        [12, 63],
      ] as const) {
        const [a, b] = [vectors(from, length), vectors(against, length)]
        const found = extension.squaredDistances(a, b)
        expect(found).toHaveLength(from * against)
        for (const [i, u] of a.entries())
          for (const [j, v] of b.entries()) {
            const expected = squaredDistance(u, v)
            expect(Math.abs((found[i * against + j] ?? NaN) - expected)).toBeLessThanOrEqual(2e-6 * expected)
          }
        // A pair's distance is the same to the last bit among others and alone, and either way.
        const [last = new Float32Array(), first = new Float32Array()] = [a.at(-1), b[0]]
        const [alone] = extension.squaredDistances([last], [first])
        expect(alone).toBe(found[(from - 1) * against])
        expect(extension.squaredDistances([first], [last])[0]).toBe(alone)
      }
    expect(extension.squaredDistances([], vectors(2, 3))).toHaveLength(0)
  })

  it('refuses vectors of different lengths, and what are none', () => {
    const distances = extension.squaredDistances as (...values: unknown[]) => unknown
    const vector = new Float32Array(3)
    expect(() => distances([vector], [new Float32Array(4)])).toThrow('vectors of one length')
    expect(() => distances([vector], [new Float64Array(3)])).toThrow('array of Float32Arrays')
    expect(() => distances([vector], [[1, 2, 3]])).toThrow('array of Float32Arrays')
    expect(() => distances([vector])).toThrow('array of Float32Arrays')
  })

  it('tells whether TensorFlow was built for GPUs', () => {
    const isBuiltWithCuda = extension.isBuiltWithCuda?.()
    expect(typeof isBuiltWithCuda).toBe('boolean')
    if (!isBuiltWithCuda) expect(extension.isUsingGpuDevice()).toBe(false)
  })

  it('refuses another graph of the same name', () => {
    register('twice')
    expect(() => register('twice', ['sum:0'])).toThrow(/twice cannot be registered/)
  })

  it('refuses arguments of other types', () => {
    const wild = extension as unknown as Record<string, (...values: unknown[]) => void>
    expect(() => wild.registerFunction?.('f', 'text', [], [])).toThrow('expected a Uint8Array')
    expect(() => wild.registerFunction?.('f', GRAPH, [1], [])).toThrow('expected a string')
    expect(() => wild.registerFunction?.('f', GRAPH, undefined, [])).toThrow('expected an array')
    expect(() => wild.removeFunction?.()).toThrow('expected a string')
  })

  afterAll(() => {
    for (const name of ['graph', 'known', 'removed', 'twice']) {
      if (extension.hasOperation(name)) extension.removeFunction(name)
    }
  })
})

function execute(name: string, inputs: readonly Tensor[], outputs: number): Tensor[] {
  const backend = tf.backend() as unknown as {
    executeMultipleOutputs(name: string, attributes: [], inputs: readonly Tensor[], outputs: number): Tensor[]
  }
  return backend.executeMultipleOutputs(name, [], inputs, outputs)
}
