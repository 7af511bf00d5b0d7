import { ProtobufWriter } from '../../protobuf/protobuf-writer.js'

/** One operation of a graph. */
export interface GraphNode {
  readonly name: string
  /** TensorFlow's name of the operation. */
  readonly op: string
  /** Outputs of other nodes, as `name:index`. */
  readonly inputs: readonly string[]
  readonly attributes: Readonly<Record<string, GraphAttribute>>
  /** Of the outputs. */
  readonly shapes: readonly (readonly number[])[]
}

/** An attribute's value; lists of integers, floats and flags are lists there, too. */
export type GraphAttribute =
  | { readonly string: string }
  | { readonly int: number | readonly number[] }
  | { readonly float: number | readonly number[] }
  | { readonly bool: boolean | readonly boolean[] }
  /** TensorFlow's number of an element type. */
  | { readonly type: number }
  | { readonly shape: readonly number[] }
  /** A constant; bytes in C order, little-endian. */
  | {
      readonly tensor: {
        readonly dtype: number
        readonly shape: readonly number[]
        readonly bytes: Uint8Array
      }
    }

/**
 * The version of the format. Below 24, a scalar placeholder would mean one of any shape; nothing later
 * matters here, and every TensorFlow 2 reads it.
 */
const PRODUCER = 1087

/** Nodes as a serialised GraphDef (tensorflow/core/framework/graph.proto, node_def.proto, attr_value.proto). */
export function encodeGraphDef(nodes: readonly GraphNode[]): Uint8Array {
  const graph = new ProtobufWriter()
  for (const node of nodes) graph.message(1, (message) => writeNode(message, node))
  return graph.message(4, (versions) => versions.integer(1, PRODUCER)).finish()
}

function writeNode(message: ProtobufWriter, { name, op, inputs, attributes }: GraphNode): void {
  message.text(1, name).text(2, op)
  for (const input of inputs) message.text(3, input)
  for (const [key, value] of Object.entries(attributes))
    message.message(5, (entry) => entry.text(1, key).message(2, (inner) => writeAttribute(inner, value)))
}

function writeAttribute(message: ProtobufWriter, value: GraphAttribute): void {
  if ('string' in value) message.text(2, value.string)
  else if ('int' in value)
    oneOrMany(message, value.int, 3, (writer, field, number) => writer.integer(field, number))
  else if ('float' in value)
    oneOrMany(message, value.float, 4, (writer, field, number) => writer.float(field, number))
  else if ('bool' in value)
    oneOrMany(message, value.bool, 5, (writer, field, flag) => writer.integer(field, flag ? 1 : 0))
  else if ('type' in value) message.integer(6, value.type)
  else if ('shape' in value) message.message(7, (shape) => writeShape(shape, value.shape))
  else {
    const { dtype, shape, bytes } = value.tensor
    message.message(8, (tensor) =>
      tensor
        .integer(1, dtype)
        .message(2, (dimensions) => writeShape(dimensions, shape))
        .bytes(4, bytes),
    )
  }
}

/** One value in its own field, or several in the same field of a ListValue. */
function oneOrMany<T>(
  message: ProtobufWriter,
  value: T | readonly T[],
  field: number,
  write: (writer: ProtobufWriter, field: number, value: T) => void,
): void {
  if (!isList(value)) write(message, field, value)
  else message.message(1, (list) => value.forEach((item) => write(list, field, item)))
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

function writeShape(message: ProtobufWriter, shape: readonly number[]): void {
  for (const size of shape) message.message(2, (dimension) => dimension.integer(1, size))
}
