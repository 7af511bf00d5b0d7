/** Bytes that grow: small little-endian numbers and strings, one after the other. */
export class ByteWriter {
  #buffer = Buffer.alloc(4096)
  #length = 0

  u8(value: number): this {
    this.#room(1)
    this.#length = this.#buffer.writeUInt8(value, this.#length)
    return this
  }

  u16(value: number): this {
    this.#room(2)
    this.#length = this.#buffer.writeUInt16LE(value, this.#length)
    return this
  }

  u32(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeUInt32LE(value, this.#length)
    return this
  }

  i32(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeInt32LE(value, this.#length)
    return this
  }

  u64(value: number): this {
    this.#room(8)
    this.#length = this.#buffer.writeBigUInt64LE(BigInt(value), this.#length)
    return this
  }

  /** A double as pickles hold it: big-endian. */
  doubleBE(value: number): this {
    this.#room(8)
    this.#length = this.#buffer.writeDoubleBE(value, this.#length)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** What was written so far; valid until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  #room(count: number): void {
    if (this.#length + count <= this.#buffer.length) return
    const grown = Buffer.alloc(Math.max(2 * this.#buffer.length, this.#length + count))
    grown.set(this.#buffer)
    this.#buffer = grown
  }
}
