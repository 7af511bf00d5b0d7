import { createHash } from 'node:crypto'

/**
 * Tells frames from others: the beginning of the SHA-256 of their bytes.
 * @param frames each (H, W, 3), uint8
 * @returns 16 hexadecimal digits; undefined for no frames
 */
export function framesDigest(frames: readonly Uint8Array[]): string | undefined {
  if (frames.length === 0) return undefined
  const hash = createHash('sha256')
  for (const frame of frames) hash.update(frame)
  return hash.digest('hex').slice(0, 16)
}
