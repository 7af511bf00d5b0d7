import { UserError } from '../errors.js'
import type { FileSource } from './file-source.js'

/** Bytes that tensors are views of. Tensors that share one storage share memory in PyTorch. */
export interface TorchStorage {
  readonly byteLength: number
  /** Where it is, for messages: the file and the record in it. */
  readonly where: string
  /** Fills `target` with the bytes from `offset` on; the caller keeps inside `byteLength`. */
  read(target: Uint8Array, offset: number): void
}

/** A storage in memory. The bytes are not copied. */
export class MemoryStorage implements TorchStorage {
  readonly where = 'a tensor in memory'
  readonly #bytes: Uint8Array

  constructor(data: ArrayBufferView) {
    this.#bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }

  get byteLength(): number {
    return this.#bytes.length
  }

  read(target: Uint8Array, offset: number): void {
    target.set(this.#bytes.subarray(offset, offset + target.length))
  }
}

/** A storage inside a file, read when asked. Where it begins may become known after its tensors. */
export class FileStorage implements TorchStorage {
  #start: (() => number) | undefined

  constructor(
    readonly source: FileSource,
    readonly where: string,
    readonly byteLength: number,
  ) {}

  /** Says where in the file the bytes begin: a function, so that finding out may wait for the first read. */
  place(start: () => number): void {
    this.#start = start
  }

  get placed(): boolean {
    return this.#start !== undefined
  }

  read(target: Uint8Array, offset: number): void {
    if (!this.#start) throw new UserError(`${this.where}: the file does not hold this storage`)
    this.source.read(target, this.#start() + offset)
  }
}
