import { Wire, WireError } from './wire.js'

/**
 * A message in protocol buffers' wire format, read by the numbers of its fields. Fields that are left out have
 * the format's defaults: zero, nothing, an empty message. Where a field that holds one value is there more than
 * once, the last one counts.
 */
export class Message {
  readonly #fields: ReturnType<Wire['fields']>

  /** @throws WireError if the bytes are no message. */
  constructor(bytes: Uint8Array) {
    this.#fields = new Wire(bytes).fields()
  }

  has(field: number): boolean {
    return this.#fields.has(field)
  }

  /** @throws WireError if the field holds bytes. */
  number(field: number): number {
    const value = this.#fields.get(field)?.at(-1) ?? 0
    if (typeof value !== 'number') throw new WireError(`field ${field} is no number`)
    return value
  }

  /** @throws WireError if the field holds a number. */
  bytes(field: number): Uint8Array {
    return this.all(field).at(-1) ?? new Uint8Array()
  }

  /** @throws WireError as `bytes` does. */
  text(field: number): string {
    return Buffer.from(this.bytes(field)).toString()
  }

  /** @throws WireError if the field holds something else. */
  message(field: number): Message {
    return new Message(this.bytes(field))
  }

  /** All values of a field that may be there more than once. @throws WireError if one is a number. */
  all(field: number): readonly Uint8Array[] {
    const values = this.#fields.get(field) ?? []
    return values.map((value) => {
      if (typeof value === 'number') throw new WireError(`field ${field} is a number`)
      return value
    })
  }

  /** @throws WireError if one is something else. */
  messages(field: number): readonly Message[] {
    return this.all(field).map((bytes) => new Message(bytes))
  }
}
