import { UserError } from '../errors.js'
import type { FileSource } from './file-source.js'

/** Bytes fetched from the file at a time. */
const WINDOW = 64 * 1024

/** Reads a part of a file from front to back, as small little-endian numbers and strings. */
export class ByteReader {
  #window: Buffer<ArrayBuffer> = Buffer.alloc(0)
  #windowStart: number
  #position: number

  /** @param where the file and the record in it, for messages */
  constructor(
    readonly source: FileSource,
    readonly where: string,
    start: number,
    readonly end: number,
  ) {
    this.#position = this.#windowStart = start
  }

  /** The next byte's place in the file. */
  get position(): number {
    return this.#position
  }

  u8(): number {
    return this.#take(1).readUInt8()
  }

  u16(): number {
    return this.#take(2).readUInt16LE()
  }

  u32(): number {
    return this.#take(4).readUInt32LE()
  }

  i32(): number {
    return this.#take(4).readInt32LE()
  }

  /** An unsigned 64-bit number. Beyond 2^53 it is rounded, which every limit it is compared with survives. */
  u64(): number {
    return Number(this.#take(8).readBigUInt64LE())
  }

  /** A double as pickles hold it: big-endian. */
  doubleBE(): number {
    return this.#take(8).readDoubleBE()
  }

  /** A copy of the next bytes. */
  bytes(length: number): Buffer<ArrayBuffer> {
    return Buffer.from(this.#take(length))
  }

  text(length: number): string {
    return this.#take(length).toString('utf8')
  }

  /** The text up to the next line feed, which is passed over. */
  line(limit: number): string {
    let text = ''
    for (let i = 0; i <= limit; i++) {
      const byte = this.u8()
      if (byte === 0x0a) return Buffer.from(text, 'latin1').toString('utf8')
      text += String.fromCharCode(byte)
    }
    throw new UserError(`${this.where}: a name is longer than ${limit} bytes`)
  }

  /** The next bytes, as a window that the next call may replace. */
  #take(length: number): Buffer<ArrayBuffer> {
    // Compared so that a length beyond 2^53 cannot slip through by rounding.
    if (!(length <= this.end - this.#position))
      throw new UserError(
        `${this.where}: ${length} more bytes are needed at byte ${this.#position}, it ends at ${this.end}; the file is truncated or damaged`,
      )
    if (this.#position + length > this.#windowStart + this.#window.length) {
      const wanted = Math.min(Math.max(length, WINDOW), this.end - this.#position)
      this.#window = this.source.bytes(this.#position, wanted)
      this.#windowStart = this.#position
    }
    const from = this.#position - this.#windowStart
    this.#position += length
    return this.#window.subarray(from, from + length)
  }
}
