import { chooseForBfloat16, type Bfloat16Operation } from './choose-for-bfloat16.js'
import type { GraphNode } from './graph-def.js'
import type { Recording } from './record.js'

/** TensorFlow's numbers of the element types. */
const FLOAT32 = 1
const BFLOAT16 = 14

/**
 * The same function with its convolutions and matrix products in bfloat16, and what lies between them, so
 * that few numbers are converted. Arguments and results stay what they were; so do statistics, softmax,
 * losses and the optimizer, and convolutions and products add up in float32.
 */
export function inBfloat16({ nodes, inputs, outputs }: Recording): Recording {
  const graph = new MixedGraph(chooseForBfloat16(nodes, outputs))
  for (const node of nodes) graph.add(node)
  return { inputs, outputs: outputs.map((output) => graph.inFloat32(output)), nodes: graph.nodes }
}

/** A graph in which every input is converted to the type that it is wanted in, once for all that want it. */
class MixedGraph {
  readonly nodes: GraphNode[] = []
  readonly #chosen: ReadonlyMap<string, Bfloat16Operation>
  readonly #rounded = new Set<string>()
  readonly #conversions = new Map<string, string>()
  readonly #shapes = new Map<string, readonly number[]>()

  constructor(chosen: ReadonlyMap<string, Bfloat16Operation>) {
    this.#chosen = chosen
  }

  add(node: GraphNode): void {
    const operation = this.#chosen.get(node.name)
    const inputs = node.inputs.map((source, i) =>
      operation?.takes.has(i) ? this.#inBfloat16(source) : this.inFloat32(source),
    )
    const attributes = operation ? { ...node.attributes, T: { type: BFLOAT16 } } : node.attributes
    this.nodes.push({ ...node, inputs, attributes })
    node.shapes.forEach((shape, i) => this.#shapes.set(`${node.name}:${i}`, shape))
    for (const output of operation?.results ?? []) this.#rounded.add(output)
  }

  inFloat32(source: string): string {
    return this.#rounded.has(source) ? this.#convert(source, BFLOAT16, FLOAT32) : source
  }

  #inBfloat16(source: string): string {
    return this.#rounded.has(source) ? source : this.#convert(source, FLOAT32, BFLOAT16)
  }

  #convert(source: string, from: number, to: number): string {
    const known = this.#conversions.get(source)
    if (known !== undefined) return known
    const name = `${source.replace(':', '_')}_as_${to === BFLOAT16 ? 'bfloat16' : 'float32'}`
    const attributes = { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } }
    const shapes = [this.#shapes.get(source) ?? []]
    this.nodes.push({ name, op: 'Cast', inputs: [source], attributes, shapes })
    this.#conversions.set(source, `${name}:0`)
    return `${name}:0`
  }
}
