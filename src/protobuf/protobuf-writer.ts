/** Messages in protocol buffers' wire format, built from the inside out. */
export class ProtobufWriter {
  readonly #bytes: Uint8Array[] = []
  #length = 0

  /** A field of type int32, int64, bool or enum. Nothing is left out: also zeros are written. */
  integer(field: number, value: number): this {
    return this.#push(tag(field, 0), varint(value))
  }

  float(field: number, value: number): this {
    return this.#push(tag(field, 5), new Uint8Array(Float32Array.of(value).buffer))
  }

  double(field: number, value: number): this {
    return this.#push(tag(field, 1), new Uint8Array(Float64Array.of(value).buffer))
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#push(tag(field, 2), varint(value.length), value)
  }

  message(field: number, write: (message: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter()
    write(inner)
    return this.bytes(field, inner.finish())
  }

  /** All that was written. */
  finish(): Uint8Array {
    const whole = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#bytes) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  #push(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.#bytes.push(part)
      this.#length += part.length
    }
    return this
  }
}

const tag = (field: number, wireType: number) => varint(field * 8 + wireType)

/** Seven bits per byte, lowest first; negative numbers as 64-bit two's complement. */
function varint(value: number): Uint8Array {
  if (value >= 0 && value < 0x80) return Uint8Array.of(value)
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}
