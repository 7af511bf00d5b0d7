/** Why bytes cannot be read; the reader of the file adds its name. */
export class WireError extends Error {}

/** Reads varints and protocol-buffer fields from a few bytes. */
export class Wire {
  #at = 0
  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.#at >= this.bytes.length
  }

  /** An unsigned number of 7 bits per byte, lowest first. Beyond 2^53 it is rounded, which no limit survives. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.bytes[this.#at++]
      if (byte === undefined) throw new WireError('a number is cut off')
      value += (byte & 0x7f) * 2 ** (7 * shift)
      if (byte < 0x80) return value
    }
    throw new WireError('a number has more than ten bytes')
  }

  take(length: number): Uint8Array {
    const end = this.#at + length
    if (!(end <= this.bytes.length)) throw new WireError(`${length} bytes are to follow, which are not there`)
    const taken = this.bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  fixed32(): number {
    const four = this.take(4)
    return new DataView(four.buffer, four.byteOffset, 4).getUint32(0, true)
  }

  /** All fields of a message, by number: numbers, or bytes where a length comes first. */
  fields(): Map<number, (number | Uint8Array)[]> {
    const fields = new Map<number, (number | Uint8Array)[]>()
    while (!this.done) {
      const tag = this.varint()
      const number = Math.floor(tag / 8)
      const values = fields.get(number) ?? []
      values.push(this.#value(tag % 8))
      fields.set(number, values)
    }
    return fields
  }

  #value(kind: number): number | Uint8Array {
    if (kind === 0) return this.varint()
    if (kind === 1) return this.take(8)
    if (kind === 2) return this.take(this.varint())
    if (kind === 5) return this.fixed32()
    throw new WireError(`a field of kind ${kind}`)
  }
}
