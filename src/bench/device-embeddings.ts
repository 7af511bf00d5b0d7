import { tensorflowBackend } from '../runtime/tensorflow-backend.js'
import { tf, type Tensor2D } from '../runtime/tf.js'

/** Embeddings on the device, as if they had been made there. */
export interface DeviceEmbeddings {
  /** Of some frames, (frames, numbers), which stay there: put there when first asked for. Not the caller's to free. */
  of(embeddings: readonly Float32Array[]): Tensor2D
  dispose(): void
}

export function deviceEmbeddings(): DeviceEmbeddings {
  const groups: { readonly embeddings: readonly Float32Array[]; readonly rows: Tensor2D }[] = []
  const found = (asked: readonly Float32Array[]) =>
    groups.find(
      ({ embeddings }) =>
        embeddings.length === asked.length && embeddings.every((one, i) => one === asked[i]),
    )?.rows
  return {
    of(embeddings) {
      const there = found(embeddings)
      if (there) return there
      const numbers = embeddings[0]?.length ?? 0
      const values = new Float32Array(embeddings.length * numbers)
      embeddings.forEach((embedding, i) => values.set(embedding, i * numbers))
      const rows = tf.tensor2d(values, [embeddings.length, numbers])
      // The library would wait for the first operation.
      tensorflowBackend()?.getInputTensorIds([rows])
      groups.push({ embeddings, rows })
      return rows
    },
    dispose: () => tf.dispose(groups.map(({ rows }) => rows)),
  }
}
