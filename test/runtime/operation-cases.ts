import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../../src/runtime/tf.js'

export type Operation = (...inputs: Tensor[]) => Tensor

/** A name, the inputs' shapes, an operation, and how inputs are made from numbers in [-1, 1). */
export type Case = readonly [
  name: string,
  shapes: string,
  operation: Operation,
  prepare?: (value: number) => number,
]

/** The shapes of '2x3 4': [[2, 3], [4]]. */
export function parseShapes(text: string): number[][] {
  return text.split(' ').map((shape) => shape.split('x').map(Number))
}

const positive = (value: number) => 1.5 + value
/** Away from 0, where the operation has a kink. */
const awayFromZero = (value: number) => value + Math.sign(value) * 0.1
const index = (...values: number[]): Tensor1D => tf.tensor1d(values, 'int32')
const some = (...values: number[]): Tensor1D => tf.tensor1d(values, 'bool')

const around = (n: number): [number, number][] => [
  [0, 0],
  [n, n],
  [n, n],
  [0, 0],
]

function conv(strides: number, pad: 'same' | 'valid' | number): Operation {
  const padding = typeof pad === 'number' ? (around(pad) as tf.backend_util.ExplicitPadding) : pad
  return (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, strides, padding)
}

const convolutions: Case[] = [
  ['3x3 same', '2x5x4x2 3x3x2x3', conv(1, 'same')],
  ['3x3 valid', '2x5x4x2 3x3x2x3', conv(1, 'valid')],
  ['1x1', '2x3x4x3 1x1x3x2', conv(1, 'same')],
  ['2x3 filter', '1x4x5x2 2x3x2x2', conv(1, 'same')],
  ['1x1 stride 2', '2x4x5x2 1x1x2x2', conv(2, 'valid')],
  ['3x3 stride 2 same, even', '2x4x6x2 3x3x2x2', conv(2, 'same')],
  ['3x3 stride 2 same, odd', '2x5x3x2 3x3x2x2', conv(2, 'same')],
  ['3x3 stride 2 valid, even', '2x6x4x2 3x3x2x2', conv(2, 'valid')],
  ['3x3 stride 2 valid, odd', '2x5x3x2 3x3x2x2', conv(2, 'valid')],
  [
    '3x3 stride 2 on a padded input',
    '2x4x4x2 3x3x2x2',
    (x, filter) => conv(2, 'valid')(tf.pad(x, around(1)), filter),
  ],
  ['nearest upsampling', '2x2x3x2', (x) => tf.image.resizeNearestNeighbor(x as Tensor4D, [4, 6])],
]

/** TensorFlow.js has no gradient of these on TensorFlow. */
export const explicitlyPadded: Case[] = [
  ['3x3', '2x5x4x2 3x3x2x3', conv(1, 1)],
  ['3x3 with more padding than it reaches over', '1x3x4x2 3x3x2x2', conv(1, 3)],
  ['1x1', '1x3x3x2 1x1x2x2', conv(1, 1)],
  ['3x3 stride 2', '2x4x4x2 3x3x2x2', conv(2, 1)],
  ['7x7 stride 3', '1x9x8x1 7x7x1x2', conv(3, 3)],
]

const products: Case[] = [
  ['matMul', '3x4 4x2', (a, b) => tf.matMul(a, b)],
  ['matMul transposed left', '4x3 4x2', (a, b) => tf.matMul(a, b, true)],
  ['matMul transposed right', '3x4 2x4', (a, b) => tf.matMul(a, b, false, true)],
  ['matMul transposed both', '4x3 2x4', (a, b) => tf.matMul(a, b, true, true)],
  ['batched matMul', '2x2x3x4 2x2x4x2', (a, b) => tf.matMul(a, b)],
  ['batched matMul transposed left', '2x4x3 2x4x2', (a, b) => tf.matMul(a, b, true)],
  ['batched matMul transposed right', '2x3x4 2x2x4', (a, b) => tf.matMul(a, b, false, true)],
]

const elementwise: Case[] = [
  ['exp', '2x5', (x) => tf.exp(x)],
  ['log', '2x5', (x) => tf.log(x), positive],
  ['sqrt', '2x5', (x) => tf.sqrt(x), positive],
  ['rsqrt', '2x5', (x) => tf.rsqrt(x), positive],
  ['square', '2x5', (x) => tf.square(x)],
  ['abs', '2x5', (x) => tf.abs(x), awayFromZero],
  ['neg', '2x5', (x) => tf.neg(x)],
  ['reciprocal', '2x5', (x) => tf.reciprocal(x), positive],
  ['sin and cos', '2x5', (x) => tf.sin(x).mul(tf.cos(x))],
  ['sigmoid', '2x5', (x) => tf.sigmoid(x)],
  ['silu', '2x5', (x) => x.mul(tf.sigmoid(x))],
  ['tanh', '2x5', (x) => tf.tanh(x)],
  ['relu', '2x5', (x) => tf.relu(x), awayFromZero],
  ['softplus', '2x5', (x) => tf.softplus(x)],
  ['pow', '2x5 2x5', (x, y) => tf.pow(x, y), positive],
  ['add', '2x3x2 3x1', (a, b) => a.add(b)],
  ['sub', '3x1 2x1x4', (a, b) => a.sub(b)],
  ['mul', '2x3x4 4', (a, b) => a.mul(b)],
  ['div', '2x1x4 3x1', (a, b) => a.div(b), positive],
  ['squaredDifference', '2x3 2x3', (a, b) => tf.squaredDifference(a, b)],
  ['minimum', '2x5 2x5', (a, b) => tf.minimum(a, b)],
  ['maximum', '2x5 2x5', (a, b) => tf.maximum(a, b)],
  ['clipByValue', '2x9', (x) => tf.clipByValue(x, -0.5, 0.5)],
  ['where', '2x5 2x5', (a, b) => tf.where(some(1, 0, 0, 1, 1, 0, 1, 0, 1, 0).reshape([2, 5]), a, b)],
  ['where, broadcast', '2x5 1', (a, b) => tf.where(some(1, 0, 0, 1, 1), a, b)],
  ['addN', '2x3 2x3 2x3', (...all) => tf.addN(all)],
]

const reductions: Case[] = [
  ['sum', '2x3x4', (x) => tf.sum(x)],
  ['sum over an inner axis', '2x3x4', (x) => tf.sum(x, 1)],
  ['sum over outer axes, kept', '2x3x4', (x) => tf.sum(x, [0, 2], true)],
  ['mean', '2x3x4', (x) => tf.mean(x)],
  ['mean over axes', '2x3x4', (x) => tf.mean(x, [0, 1])],
  ['max', '2x3x4', (x) => tf.max(x, 2)],
  ['softmax', '2x3x4', (x) => tf.softmax(x)],
  ['logSoftmax', '2x3x4', (x) => tf.logSoftmax(x)],
  ['logSumExp', '2x3x4', (x) => tf.logSumExp(x, 1)],
  ['moments', '2x3x4', (x) => tf.moments(x, [0, 2], true).variance],
]

const layout: Case[] = [
  ['reshape', '2x3x4', (x) => tf.reshape(x, [4, 6])],
  ['transpose', '2x3x2x2', (x) => tf.transpose(x, [2, 0, 3, 1])],
  ['transpose of five axes', '2x2x3x2x2', (x) => tf.transpose(x, [0, 3, 1, 4, 2])],
  ['pad', '2x3', (x) => tf.pad(x, around(1).slice(0, 2))],
  ['pad of four axes', '1x2x3x2', (x) => tf.pad(x, around(1))],
  ['tile', '2x1x3', (x) => tf.tile(x, [1, 3, 2])],
  ['tile, axes of one', '2x1x1x3', (x) => tf.tile(x, [1, 2, 3, 1])],
  ['broadcastTo', '2x1x3', (x) => tf.broadcastTo(x, [2, 4, 3])],
  ['split', '2x6', (x) => combine(tf.split(x, 3, 1))],
  ['split, uneven', '2x6', (x) => tf.concat(tf.split(x, [2, 4], 1).map(tf.square).reverse(), 1)],
  ['concat', '2x3 2x1', (a, b) => tf.concat([a, b], 1)],
  ['slice', '3x4x2', (x) => tf.slice(x, [1, 0, 1], [2, 3, 1])],
  ['stack', '2x3 2x3', (a, b) => tf.stack([a, b], 1)],
  ['unstack', '3x4', (x) => combine(tf.unstack(x))],
  ['gather', '4x3', (x) => tf.gather(x, index(3, 0, 3))],
  ['gather along an inner axis', '2x4x3', (x) => tf.gather(x, index(1, 1, 3), 1)],
  ['gather with indices of two axes', '4x3', (x) => tf.gather(x, index(0, 2, 2, 1).reshape([2, 2]))],
  ['reverse', '2x4', (x) => tf.reverse(x, 1)],
  ['expandDims and squeeze', '2x1x4', (x) => tf.expandDims(tf.squeeze(x, [1]), 0)],
]

export const groups = { convolutions, products, elementwise, reductions, layout }

/** An operation that treats each of several tensors in its own way. */
function combine(tensors: Tensor[]): Tensor {
  return tensors.reduce((sum, tensor, i) => sum.mul(0.5 + i).add(tensor.square()))
}
