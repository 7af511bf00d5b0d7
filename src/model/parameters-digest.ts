import { createHash } from 'node:crypto'
import type { Parameters } from '../nn/scope.js'

/** Tells parameters from others: SHA-256 of their numbers, float32, in the order of the map. */
export async function parametersDigest(parameters: Parameters): Promise<Buffer> {
  const hash = createHash('sha256')
  for (const tensor of parameters.values()) {
    const { buffer, byteOffset, byteLength } = await tensor.data<'float32'>()
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest()
}
