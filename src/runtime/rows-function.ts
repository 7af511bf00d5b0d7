import type { NativeExtension } from './native-extension.js'
import { encodeGraphDef, type GraphNode } from './recording/graph-def.js'

/** TensorFlow's numbers of element types; the tensor library does not know float64. */
const [FLOAT, DOUBLE, INT32] = [1, 2, 3]

/** The names of those that there are, as asking the extension takes longer than a stage can spare. */
const registered = new WeakMap<NativeExtension, Set<string>>()

/**
 * One operation of TensorFlow that adds rows to those kept in chunks, and multiplies them with all:
 * - inputs: fresh rows (fresh, D) in float32, and the chunks (any number, D) in float64, the latest last;
 * - outputs: the chunk that the fresh rows are in, which is the latest with them after its own, or a new one; and their
 *   products with all rows, (fresh, all, 2), each as the two halves of a float64.
 * It takes any shapes, and stays registered: there are two for each number of chunks.
 * @param chunks how many there are before
 * @param grows whether the latest of them takes the fresh rows
 * @returns the operation's name
 */
export function rowsFunction(extension: NativeExtension, chunks: number, grows: boolean): string {
  const name = `fdm_rows_${chunks}_${grows ? 'grown' : 'begun'}`
  const known = registered.get(extension) ?? new Set()
  if (!known.has(name)) {
    const { nodes, inputs, outputs } = rowsGraph(chunks, grows)
    if (!extension.hasOperation(name))
      extension.registerFunction(name, encodeGraphDef(nodes), inputs, outputs)
    registered.set(extension, known.add(name))
  }
  return name
}

function rowsGraph(chunks: number, grows: boolean) {
  const nodes: GraphNode[] = []
  const add = (name: string, op: string, inputs: readonly string[], attributes: GraphNode['attributes']) => {
    nodes.push({ name, op, inputs, attributes, shapes: [] })
    return `${name}:0`
  }
  const joined = (name: string, parts: readonly string[], axis: string) => {
    const [only = ''] = parts
    const attributes = { N: { int: parts.length }, T: { type: DOUBLE }, Tidx: { type: INT32 } }
    return parts.length === 1 ? only : add(name, 'ConcatV2', [...parts, axis], attributes)
  }
  // Of no shape: any.
  const fresh = add('fresh', 'Placeholder', [], { dtype: { type: FLOAT } })
  const kept = Array.from({ length: chunks }, (_, i) =>
    add(`kept${i}`, 'Placeholder', [], { dtype: { type: DOUBLE } }),
  )
  // Constants are in host memory, where the operation wants them: what is fed by the host would be copied each time.
  const [rows, columns] = [0, 1].map((axis) => {
    const value = { dtype: INT32, shape: [], bytes: new Uint8Array(Int32Array.of(axis).buffer) }
    return add(`axis${axis}`, 'Const', [], { dtype: { type: INT32 }, value: { tensor: value } })
  })
  const wide = add('wide', 'Cast', [fresh], { SrcT: { type: FLOAT }, DstT: { type: DOUBLE } })
  const latest = joined('latest', [...(grows ? kept.slice(-1) : []), wide], rows ?? '')
  const all = [...(grows ? kept.slice(0, -1) : kept), latest]
  const products = all.map((chunk, i) =>
    add(`product${i}`, 'MatMul', [wide, chunk], { T: { type: DOUBLE }, transpose_b: { bool: true } }),
  )
  // What the addon reads back is float32 at best: the bytes are the same.
  const bytes = add('bytes', 'Bitcast', [joined('products', products, columns ?? '')], {
    T: { type: DOUBLE },
    type: { type: FLOAT },
  })
  return { nodes, inputs: [fresh, ...kept], outputs: [latest, bytes] }
}
