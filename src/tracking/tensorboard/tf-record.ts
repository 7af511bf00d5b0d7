import { maskedCrc32c } from '../../tensorflow-checkpoint/crc32c.js'

/** A record as TFRecord files hold it: its length (8 bytes), that one's checksum (4), itself, its checksum (4). */
export function tfRecord(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(data.length + 16)
  const view = new DataView(whole.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc32c(whole.subarray(0, 8)), true)
  whole.set(data, 12)
  view.setUint32(12 + data.length, maskedCrc32c(data), true)
  return whole
}
