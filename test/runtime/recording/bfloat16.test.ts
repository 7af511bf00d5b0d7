import { describe, expect, it } from 'vitest'
import { inBfloat16 } from '../../../src/runtime/recording/bfloat16.js'
import type { GraphNode } from '../../../src/runtime/recording/graph-def.js'

const [FLOAT32, INT32, BFLOAT16] = [1, 3, 14]
const IMAGES = [2, 8, 8, 32]

/** An operation of type float32 with outputs of one shape. */
function node(
  name: string,
  op: string,
  inputs: readonly string[] = [],
  { shape = IMAGES, outputs = 1, attributes = {} }: Partial<Options> = {},
): GraphNode {
  const type = op === 'Placeholder' ? 'dtype' : 'T'
  return {
    name,
    op,
    inputs: inputs.map((input) => (input.includes(':') ? input : `${input}:0`)),
    attributes: { [type]: { type: FLOAT32 }, ...attributes },
    shapes: Array.from({ length: outputs }, () => shape),
  }
}

interface Options {
  readonly shape: readonly number[]
  readonly outputs: number
  readonly attributes: GraphNode['attributes']
}

/** The converted graph, an operation a line: what it is computed in, its name, and where its inputs come from. */
function converted(nodes: readonly GraphNode[], ...outputs: string[]) {
  const result = inBfloat16({ nodes, inputs: [], outputs: outputs.map((output) => `${output}:0`) })
  const lines = result.nodes
    .filter(({ op }) => op !== 'Placeholder')
    .map(({ name, op, inputs, attributes: { T } }) => {
      const type = T && 'type' in T ? { [FLOAT32]: 'f32', [BFLOAT16]: 'bf16' }[T.type] : undefined
      return `${type ?? op} ${name} ${inputs.map((input) => input.replace(/:0$/, '')).join(' ')}`
    })
  return { lines, outputs: result.outputs.map((output) => output.replace(/:0$/, '')), nodes: result.nodes }
}

const given = (...names: string[]) => names.map((name) => node(name, 'Placeholder'))

describe('a graph in bfloat16', () => {
  it('converts what comes in and what goes out, and nothing between', () => {
    const { lines, outputs } = converted(
      [
        ...given('x', 'kernel', 'bias', 'gamma', 'beta', 'kernel2'),
        node('conv', 'Conv2D', ['x', 'kernel']),
        node('biased', 'BiasAdd', ['conv', 'bias']),
        node('norm', 'FdmGroupNorm', ['biased', 'gamma', 'beta'], { outputs: 3 }),
        node('conv2', 'Conv2D', ['norm', 'kernel2']),
        node('sum', 'AddV2', ['conv2', 'biased']),
        node('conv3', 'Conv2D', ['sum', 'kernel']),
        node('loss', 'Mean', ['conv3']),
      ],
      'loss',
    )
    expect(lines).toEqual([
      'Cast x_0_as_bfloat16 x',
      'Cast kernel_0_as_bfloat16 kernel',
      'bf16 conv x_0_as_bfloat16 kernel_0_as_bfloat16',
      'Cast bias_0_as_bfloat16 bias',
      'bf16 biased conv bias_0_as_bfloat16',
      'bf16 norm biased gamma beta',
      'Cast kernel2_0_as_bfloat16 kernel2',
      'bf16 conv2 norm kernel2_0_as_bfloat16',
      'bf16 sum conv2 biased',
      'bf16 conv3 sum kernel_0_as_bfloat16',
      'Cast conv3_0_as_float32 conv3',
      'f32 loss conv3_0_as_float32',
    ])
    expect(outputs).toEqual(['loss'])
  })

  it('returns float32', () => {
    const { lines, outputs } = converted([...given('x', 'k'), node('y', 'Conv2D', ['x', 'k'])], 'y', 'y')
    expect(outputs).toEqual(['y_0_as_float32', 'y_0_as_float32'])
    expect(lines.at(-1)).toBe('Cast y_0_as_float32 y')
  })

  it('gives conversions their types', () => {
    const { nodes } = converted([...given('x', 'k'), node('y', 'Conv2D', ['x', 'k'])], 'y')
    const casts = nodes.filter(({ op }) => op === 'Cast')
    expect(casts.map(({ attributes: { SrcT, DstT } }) => [SrcT, DstT])).toEqual([
      [{ type: FLOAT32 }, { type: BFLOAT16 }],
      [{ type: FLOAT32 }, { type: BFLOAT16 }],
      [{ type: BFLOAT16 }, { type: FLOAT32 }],
    ])
    expect(casts.every(({ shapes }) => String(shapes) === String([IMAGES]))).toBe(true)
  })

  it('adds up gradients, squares them and updates with them in float32', () => {
    const { lines } = converted(
      [
        ...given('x', 'dy', 'sizes'),
        node('first', 'Conv2DBackpropFilter', ['x', 'sizes', 'dy']),
        node('second', 'Conv2DBackpropFilter', ['dy', 'sizes', 'x']),
        node('total', 'AddN', ['first', 'second']),
        node('square', 'Square', ['total']),
      ],
      'square',
    )
    expect(lines.filter((line) => !line.startsWith('Cast'))).toEqual([
      'bf16 first x_0_as_bfloat16 sizes dy_0_as_bfloat16',
      'bf16 second dy_0_as_bfloat16 sizes x_0_as_bfloat16',
      'f32 total first_0_as_float32 second_0_as_float32',
      'f32 square total',
    ])
  })

  it('rounds before numbers are moved if nobody needs them in float32', () => {
    const head = [...given('x', 'y', 'shape'), node('weights', 'Softmax', ['x'])]
    const moved = node('moved', 'Reshape', ['weights', 'shape'])
    const product = node('product', 'Conv2D', ['moved', 'y'])
    expect(converted([...head, moved, product], 'product').lines).toContain(
      'bf16 moved weights_0_as_bfloat16 shape',
    )
    expect(converted([...head, moved, product], 'product', 'moved').lines).toContain(
      'f32 moved weights shape',
    )
  })

  it('normalises and adds in float32 what is not in bfloat16 before', () => {
    const { lines } = converted(
      [
        ...given('x', 'y', 'gamma', 'beta'),
        node('sum', 'AddV2', ['x', 'y']),
        node('norm', 'FdmGroupNorm', ['sum', 'gamma', 'beta'], { outputs: 3 }),
        node('conv', 'Conv2D', ['norm', 'y']),
      ],
      'conv',
    )
    expect(lines).toContain('f32 sum x y')
    expect(lines).toContain('f32 norm sum gamma beta')
    expect(lines).toContain('bf16 conv norm_0_as_bfloat16 y_0_as_bfloat16')
  })

  it('leaves the statistics that a norm returns beside in float32', () => {
    const { lines } = converted(
      [
        ...given('x', 'k', 'gamma', 'beta'),
        node('conv', 'Conv2D', ['x', 'k']),
        node('norm', 'FdmGroupNorm', ['conv', 'gamma', 'beta'], { outputs: 3 }),
        node('dnorm', 'FdmGroupNormGrad', ['x', 'conv', 'gamma', 'beta', 'norm:1', 'norm:2'], { outputs: 3 }),
        node('back', 'Conv2D', ['dnorm', 'k']),
        node('dgamma', 'Square', ['dnorm:1']),
        node('next', 'Conv2D', ['norm', 'k']),
      ],
      'dgamma',
      'next',
      'back',
    )
    expect(lines).toContain('bf16 dnorm x_0_as_bfloat16 conv gamma beta norm:1 norm:2')
    expect(lines).toContain('f32 dgamma dnorm:1')
  })

  it('takes all parts of a tensor that is split', () => {
    const parts = node('parts', 'Split', ['axis', 'conv'], {
      outputs: 3,
      attributes: { num_split: { int: 3 } },
    })
    const { lines } = converted(
      [
        ...given('x', 'k', 'axis'),
        node('conv', 'Conv2D', ['x', 'k']),
        { ...parts, attributes: { ...parts.attributes, T: { type: FLOAT32 } } },
        node('y', 'Conv2D', ['parts:2', 'k']),
      ],
      'y',
    )
    expect(lines).toContain('bf16 parts axis conv')
    expect(lines).toContain('bf16 y parts:2 k_0_as_bfloat16')
  })

  it.each([
    ['a large product', [64, 64], 'bf16'],
    ['a product of few rows', [2, 64], 'f32'],
    ['a stack of large products', [10, 64, 64], 'bf16'],
    ['a stack of small products', [1000, 8, 8], 'f32'],
  ] as const)('computes %s in its own type', (_, shape, type) => {
    const op = shape.length === 2 ? 'MatMul' : 'BatchMatMulV2'
    const b = [...shape.slice(0, -2), shape.at(-1) ?? 0, shape.at(-1) ?? 0]
    const { lines } = converted(
      [
        node('a', 'Placeholder', [], { shape }),
        node('b', 'Placeholder', [], { shape: b }),
        node('product', op, ['a', 'b'], { shape }),
      ],
      'product',
    )
    expect(lines.find((line) => line.includes(' product '))).toMatch(new RegExp(`^${type} `))
  })

  it('leaves integers alone', () => {
    const attributes = { T: { type: INT32 } }
    const nodes = [
      node('x', 'Placeholder', [], { attributes }),
      node('y', 'MatMul', ['x', 'x'], { attributes }),
    ]
    expect(converted(nodes, 'y').nodes).toEqual(nodes)
  })
})
