import { tensorflowBackend, type BindingAttribute, type OperationBinding } from './tensorflow-backend.js'
import type { Tensor2D } from './tf.js'

/** Vectors that are kept on the device in float64, and their scalar products. */
export interface DeviceRows {
  /**
   * Adds rows after those that are there.
   * @param rows (fresh, D): float32, the caller's; D is that of the first rows
   * @returns (fresh, all): the product of each with all rows so far, itself among them, to the precision of float64
   */
  append(rows: Tensor2D): Float64Array
  /** Frees them. More can be called for. */
  dispose(): void
}

/** TensorFlow's number of float64, which the tensor library does not know. */
const DOUBLE = 2

/**
 * Room for vectors on the device, 8 bytes a number, taken when the first ones come. Each time costs five operations,
 * however many rows come; those that are there are not copied. The library has no tensors of float64: these are
 * handles of the addon, which `tf.memory` does not count.
 * @param capacity most rows
 * @throws Error on another backend than TensorFlow, and when there are more rows than room.
 */
export function deviceRows(capacity: number): DeviceRows {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('rows in float64 are kept by TensorFlow alone')
  /** (capacity, D); from `count` on nothing is written yet. */
  let all: number | undefined
  let count = 0

  const append = (binding: OperationBinding, rows: Tensor2D, scope: HandleScope): Float64Array => {
    const [fresh, D] = rows.shape
    const first = count
    const end = first + fresh
    if (end > capacity) throw new Error(`${end} rows in place of at most ${capacity}`)
    const [given = NaN] = backend.getInputTensorIds([rows])
    const { type, flag } = attributesOf(binding)
    const run = (name: string, attributes: readonly BindingAttribute[], ...inputs: number[]) =>
      scope.keep(binding.executeOp(name, attributes, inputs, 1)[0]?.id ?? NaN)
    const integers = (...values: number[]) =>
      scope.keep(binding.createTensor([values.length], binding.TF_INT32, Int32Array.from(values)))
    const double = type('T', DOUBLE)

    const wide = run('Cast', [type('SrcT', binding.TF_FLOAT), type('DstT', DOUBLE), flag('Truncate', false)], given) // prettier-ignore
    const room = all ?? run('Empty', [type('dtype', DOUBLE), flag('init', false)], integers(capacity, D))
    const places = integers(...Array.from({ length: fresh }, (_, i) => first + i))
    // Writes into the memory of what it is given, and hands that on.
    const filled = run('InplaceUpdate', [double], room, places, wide)
    // No copy, where rows are aligned, which all are whose length is a multiple of 8.
    const soFar = run('Slice', [double, type('Index', binding.TF_INT32)], filled, integers(0, 0), integers(end, D)) // prettier-ignore
    const products = run('MatMul', [double, flag('transpose_a', false), flag('transpose_b', true)], wide, soFar) // prettier-ignore
    // What the addon reads back is float32 at best: the bytes are the same.
    const bytes = run('Bitcast', [double, type('type', binding.TF_FLOAT)], products)
    const { buffer, byteOffset, byteLength } = binding.tensorDataSync(bytes) as Float32Array
    scope.release(filled)
    if (all !== undefined) scope.keep(all)
    all = filled
    count = end
    return new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT)
  }
  return {
    append(rows) {
      const { binding } = backend
      const scope = handleScope()
      try {
        return append(binding, rows, scope)
      } finally {
        for (const id of scope.kept) binding.deleteTensor(id)
      }
    },
    dispose() {
      if (all !== undefined) backend.binding.deleteTensor(all)
      all = undefined
      count = 0
    },
  }
}

function attributesOf(binding: OperationBinding) {
  return {
    type: (name: string, value: number): BindingAttribute => ({ name, type: binding.TF_ATTR_TYPE, value }),
    flag: (name: string, value: boolean): BindingAttribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  }
}

/** The handles to be deleted at the end, whatever happens. */
interface HandleScope {
  readonly kept: ReadonlySet<number>
  keep(id: number): number
  release(id: number): void
}

function handleScope(): HandleScope {
  const kept = new Set<number>()
  return {
    kept,
    keep(id) {
      kept.add(id)
      return id
    },
    release: (id) => void kept.delete(id),
  }
}
