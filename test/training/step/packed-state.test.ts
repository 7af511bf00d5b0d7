import { expect, it } from 'vitest'
import type { Parameters } from '../../../src/nn/scope.js'
import { tf, type Tensor, type Tensor4D, type Tensor5D } from '../../../src/runtime/tf.js'
import type { ParametricNetwork } from '../../../src/training/step/gradients.js'
import { packedNetwork } from '../../../src/training/step/packed-network.js'
import { packingOf, packState, unpackState } from '../../../src/training/step/packed-state.js'
import { disposeState, flattenState, initialState } from '../../../src/training/step/state.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { madeConditioning } from '../../helpers/tiny-model.js'
import { tinyParameters } from '../fixtures.js'

const given = () =>
  new Map<string, Tensor>([
    ['kernel', tf.tensor2d([[1, 2, 3], [4, 5, 6]])], // prettier-ignore
    ['bias', tf.tensor1d([7, 8])],
    ['scale', tf.scalar(9)],
  ])

describeEachBackend('a packed state', () => {
  it('holds each kind of tensors in one, and gives them back', () => {
    const params = given()
    const state = initialState(params, 2)
    const packed = packState(state)
    expect(flattenState(packed)).toHaveLength(5)
    expect(flattenState(packed).map(({ shape }) => shape)).toEqual(Array(5).fill([9]))
    const back = unpackState(packed, packingOf(params))
    for (const tensors of [back.params, ...back.ema])
      expect([...tensors].map(([name, tensor]) => [name, tensor.arraySync()])).toEqual([
        ['kernel', [[1, 2, 3], [4, 5, 6]]], // prettier-ignore
        ['bias', [7, 8]],
        ['scale', 9],
      ])
    expect([...back.expAvg.values()].map((tensor) => tensor.shape)).toEqual([[2, 3], [2], []])
    for (const each of [state, packed, back]) disposeState(each)
    tf.dispose([...params.values()])
  })

  it('keeps nothing', () => {
    const state = initialState(tinyParameters(), 1)
    const before = tf.memory().numTensors
    const packed = packState(state)
    disposeState(unpackState(packed, packingOf(state.params)))
    disposeState(packed)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('may be in several tensors of about the same size, each of neighbours', () => {
    const params = given()
    const packing = packingOf(params, 3)
    expect(packing.map(({ names }) => names)).toEqual([['kernel'], ['bias', 'scale']])
    const state = initialState(params, 0)
    const packed = packState(state, packing)
    expect([...packed.params.values()].map((tensor) => tensor.arraySync())).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9],
    ])
    const back = unpackState(packed, packing)
    expect([...back.params.values()].map((tensor) => tensor.arraySync())).toEqual([
      [[1, 2, 3], [4, 5, 6]], // prettier-ignore
      [7, 8],
      9,
    ])
    for (const each of [state, packed, back]) disposeState(each)
    tf.dispose([...params.values()])
  })

  it('in one tensor for a single parameter has its gradient', () => {
    const params = new Map<string, Tensor>([['kernel', tf.tensor1d([1, 2])]])
    const network: ParametricNetwork = (parts) => () => tf.square<Tensor5D>(parts.get('kernel') as Tensor5D)
    const run = packedNetwork(network, packingOf(params))
    const conditioning = madeConditioning()
    const sum = (value: Tensor) =>
      tf.sum(
        run(
          new Map([['packed0', value]]),
          conditioning,
          tf.tensor1d([0, 0], 'int32'),
        )(conditioning.x0, tf.tensor1d([0])),
      )
    expect([
      ...tf
        .grad(sum)(tf.tensor1d([1, 2]))
        .dataSync(),
    ]).toEqual([2, 4])
  })

  it('has the gradients of its parts', () => {
    const params = given()
    const part = (parts: Parameters, name: string): Tensor => parts.get(name) ?? tf.scalar(NaN)
    const network: ParametricNetwork = (parts) => () =>
      tf.mul(tf.square(part(parts, 'kernel')), part(parts, 'scale'))
    const packed = packState(initialState(params, 0)).params
    const run = packedNetwork(network, packingOf(params))
    const [name = ''] = packed.keys()
    const sum = (value: Tensor) => {
      const unused = tf.tensor1d([0, 0], 'int32')
      const conditioning = madeConditioning()
      return tf.sum(run(new Map([[name, value]]), conditioning, unused)(conditioning.x0, tf.tensor1d([0])))
    }
    const gradient = tf.grad(sum)(part(packed, name)).dataSync()
    // d/dk of k^2 s is 2 k s; of the scale it is the sum of squares, 91; the bias has no part in it.
    expect([...gradient]).toEqual([18, 36, 54, 72, 90, 108, 0, 0, 91])
  })

  it('in several tensors has the gradients of the layers that a network enters', () => {
    const params = new Map<string, Tensor>([
      ['a.weight', tf.tensor1d([2, 3])],
      ['b.weight', tf.tensor1d([5])],
      ['b.bias', tf.tensor1d([7])],
      ['c.weight', tf.tensor1d([1, 4])],
    ])
    const entered: string[] = []
    const network: ParametricNetwork = (parts, _conditioning, _seed, enter) => (x) => {
      const layer = (features: Tensor4D, name: string): Tensor4D => {
        entered.push(name)
        const own = enter?.(features, name) ?? features
        const scaled = tf.mul<Tensor4D>(tf.square(own), tf.sum(parts.get(`${name}.weight`) ?? NaN))
        return tf.add(scaled, tf.sum(parts.get(`${name}.bias`) ?? tf.scalar(0)))
      }
      return tf.expandDims(['a', 'b', 'c'].reduce(layer, tf.reshape(x, [1, 1, 1, 1])))
    }
    const packing = packingOf(params, 3)
    expect(packing.map(({ names }) => names)).toEqual([['a.weight'], ['b.weight', 'b.bias'], ['c.weight']])
    const packed = packState(initialState(params, 0), packing).params
    const x: Tensor5D = tf.ones([1, 1, 1, 1, 1])
    const run = packedNetwork(network, packing, true)
    const value = (...tensors: Tensor[]) => {
      const named = new Map([...packed.keys()].map((name, i) => [name, tensors[i] ?? tf.scalar(NaN)]))
      return tf.sum(run(named, madeConditioning(), tf.tensor1d([0, 0], 'int32'))(x, tf.tensor1d([0])))
    }
    const gradients = tf.grads(value)([...packed.values()])
    // y = (1 + 4) u^2, u = 5 v^2 + 7, v = (2 + 3) 1^2: dy/du = 10 u, du/dv = 10 v.
    const [v, u] = [5, 132]
    expect(gradients.map((gradient) => [...gradient.dataSync()])).toEqual([
      [10 * u * 10 * v, 10 * u * 10 * v],
      [10 * u * v ** 2, 10 * u],
      [u ** 2, u ** 2],
    ])
    expect(entered).toEqual(['a', 'b', 'c'])
  })
})
