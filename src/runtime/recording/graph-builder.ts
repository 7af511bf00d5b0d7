import { elementCount } from '../../element-count.js'
import type { GraphNode } from './graph-def.js'

/** Values of a constant: TensorFlow's number of the element type, the shape, and the bytes in C order. */
export interface ConstantValue {
  readonly dtype: number
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Constants of more elements that are all equal are filled in on the device, so that graphs stay small. */
const LARGEST_UNIFORM = 16
const INT32 = 3

/** A graph that grows operation by operation. Outputs of operations are written `name:index`. */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = []
  readonly #constants = new Map<string, string>()

  /** @returns the name of the new node */
  add(
    op: string,
    inputs: readonly string[],
    attributes: GraphNode['attributes'],
    shapes: readonly (readonly number[])[],
  ): string {
    const name = `n${this.#nodes.length}`
    this.#nodes.push({ name, op, inputs, attributes, shapes })
    return name
  }

  /** @returns the output that has these values; the same for the same values */
  constant({ dtype, shape, bytes }: ConstantValue): string {
    const size = elementCount(shape)
    if (size > LARGEST_UNIFORM && isUniform(bytes, bytes.length / size)) {
      const dimensions = new Uint8Array(Int32Array.from(shape).buffer)
      const inputs = [
        this.constant({ dtype: INT32, shape: [shape.length], bytes: dimensions }),
        this.constant({ dtype, shape: [], bytes: bytes.slice(0, bytes.length / size) }),
      ]
      return `${this.add('Fill', inputs, { T: { type: dtype }, index_type: { type: INT32 } }, [shape])}:0`
    }
    const key = `${dtype} ${shape.join()} ${Buffer.from(bytes).toString('latin1')}`
    const known = this.#constants.get(key)
    if (known !== undefined) return known
    const value = { tensor: { dtype, shape, bytes } }
    const source = `${this.add('Const', [], { dtype: { type: dtype }, value }, [shape])}:0`
    this.#constants.set(key, source)
    return source
  }

  /** TensorFlow's name of the operation that an output belongs to. */
  opOf(source: string): string | undefined {
    return this.#nodes[indexOf(source)]?.op
  }

  /** The nodes that the given outputs need, each after its inputs. */
  nodesFor(outputs: readonly string[]): GraphNode[] {
    const needed = new Set(outputs.map(indexOf))
    // A set goes on to what is added to it meanwhile.
    for (const index of needed)
      for (const input of this.#nodes[index]?.inputs ?? []) needed.add(indexOf(input))
    return [...needed].sort((a, b) => a - b).flatMap((index) => this.#nodes[index] ?? [])
  }
}

/** Where the node of an output is among the nodes, whose names are made of that. */
const indexOf = (source: string) => Number(source.slice(1, source.lastIndexOf(':')))

/** Whether all elements of `width` bytes are the same. */
function isUniform(bytes: Uint8Array, width: number): boolean {
  return bytes.every((byte, i) => i < width || byte === bytes[i - width])
}
