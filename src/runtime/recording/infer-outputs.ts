import type { NativeExtension } from '../native-extension.js'
import { encodeGraphDef, type GraphNode } from './graph-def.js'

/** A tensor of which everything is known but its numbers. */
export interface TensorDescription {
  /** TensorFlow's number of the element type. */
  readonly dtype: number
  readonly shape: readonly number[]
}

/** An input of an operation: a constant with the nodes that make it, or anything else. */
export interface InputDescription extends TensorDescription {
  /** As `name:index`. */
  readonly output: string
  /** The nodes of a constant: shapes can depend on its values. */
  readonly constant?: readonly GraphNode[]
}

/** Finds out what operations give without computing anything. Remembers what it was asked. */
export class OutputInference {
  readonly #extension: NativeExtension
  readonly #known = new Map<string, readonly TensorDescription[]>()

  constructor(extension: NativeExtension) {
    this.#extension = extension
  }

  /** @throws Error with TensorFlow's message if the inputs do not fit the operation. */
  infer(
    op: string,
    attributes: GraphNode['attributes'],
    inputs: readonly InputDescription[],
  ): readonly TensorDescription[] {
    const key = JSON.stringify([
      op,
      attributes,
      inputs.map(({ dtype, shape, output, constant }) => (constant ? output : [dtype, shape])),
    ])
    let outputs = this.#known.get(key)
    if (!outputs) {
      const nodes = inputs.flatMap((input, i) => input.constant ?? placeholder(`input${i}`, input))
      const sources = inputs.map(({ output, constant }, i) => (constant ? output : `input${i}:0`))
      const node = { name: 'operation', op, inputs: sources, attributes, shapes: [] }
      outputs = this.#extension.inferOutputs(encodeGraphDef([...once(nodes), node]), node.name)
      this.#known.set(key, outputs)
    }
    return outputs
  }
}

function placeholder(name: string, { dtype, shape }: TensorDescription): GraphNode {
  return {
    name,
    op: 'Placeholder',
    inputs: [],
    attributes: { dtype: { type: dtype }, shape: { shape } },
    shapes: [shape],
  }
}

/** Two inputs may be the same constant. */
function once(nodes: readonly GraphNode[]): readonly GraphNode[] {
  return [...new Map(nodes.map((node) => [node.name, node])).values()]
}
