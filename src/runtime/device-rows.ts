import { nativeExtension } from './native-extension.js'
import { rowsFunction } from './rows-function.js'
import { tensorflowBackend } from './tensorflow-backend.js'
import type { Tensor2D } from './tf.js'

/** Vectors that are kept on the device in float64, and their scalar products. */
export interface DeviceRows {
  /**
   * Adds rows after those that are there.
   * @param rows (fresh, D): float32, the caller's; D is that of the first rows
   * @returns (fresh, all): the product of each with all rows so far, itself among them, to the precision of float64
   * @throws Error with TensorFlow's message if D is another, or there is no room: the rows are those from before.
   */
  append(rows: Tensor2D): Float64Array
  /** Frees them. More can be called for. */
  dispose(): void
}

/** (rows, D) on the device. The library has no tensors of float64: a handle of the addon, which is not counted. */
interface Chunk {
  readonly id: number
  readonly rows: number
}

/**
 * As much as the LPIPS embeddings of 526 frames of 64x64 pixels: half of that is copied each time, on average, and a
 * product of few rows takes a GPU almost as long as one of many.
 */
const CHUNK_BYTES = 2 ** 27

/** No attributes: if asked to, TensorFlow would optimise the function first, which has nothing to gain by that. */
const PLAINLY = [] as const

/**
 * Vectors on the device, 8 bytes a number. Each time costs one operation and one reading, however many rows come.
 * They are kept in chunks: rows are added by copying the latest, not all.
 * @param chunkBytes most of a chunk, if not so many rows come at once
 * @throws Error where there is no addon that `fdm setup` built.
 */
export function deviceRows(chunkBytes = CHUNK_BYTES): DeviceRows {
  const backend = tensorflowBackend()
  const extension = nativeExtension()
  if (!backend || !extension) throw new Error('rows in float64 are kept by the addon of fdm setup alone')
  const chunks: Chunk[] = []
  return {
    append(rows) {
      const { binding } = backend
      const [fresh, D] = rows.shape
      const latest = chunks.at(-1)
      const grown = latest && (latest.rows + fresh) * D * 8 <= chunkBytes ? latest : undefined
      const name = rowsFunction(extension, chunks.length, grown !== undefined)
      const inputs = [...backend.getInputTensorIds([rows]), ...chunks.map(({ id }) => id)]
      const [chunk, products] = binding.executeOp(name, PLAINLY, inputs, 2)
      if (!chunk || !products) throw new Error(`${name} gave nothing`)
      let found: Float32Array
      try {
        found = binding.tensorDataSync(products.id) as Float32Array
      } catch (error) {
        binding.deleteTensor(chunk.id)
        throw error
      } finally {
        binding.deleteTensor(products.id)
      }
      if (grown) {
        chunks.pop()
        binding.deleteTensor(grown.id)
      }
      chunks.push({ id: chunk.id, rows: (grown?.rows ?? 0) + fresh })
      return new Float64Array(
        found.buffer,
        found.byteOffset,
        found.byteLength / Float64Array.BYTES_PER_ELEMENT,
      )
    },
    dispose() {
      for (const { id } of chunks.splice(0)) backend.binding.deleteTensor(id)
    },
  }
}
