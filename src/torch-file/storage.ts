import { UserError } from '../errors.js'
import { checkBytes } from './checksum.js'
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

/** What stands for the elements of a tensor that is none of rows and columns of numbers: a sparse one, say. */
export class UnreadableStorage implements TorchStorage {
  /**
   * @param kind such as `sparse`
   * @param advice what to save instead
   */
  constructor(
    readonly where: string,
    readonly byteLength: number,
    readonly kind: string,
    readonly advice: string,
  ) {}

  /** @throws UserError always. */
  read(): never {
    throw new UserError(`${this.where}: a ${this.kind} tensor cannot be read; ${this.advice}`)
  }
}

/** A storage inside a file, read when asked. Where it begins may become known after its tensors. */
export class FileStorage implements TorchStorage {
  #start: (() => number) | undefined
  #crc: number | undefined

  constructor(
    readonly source: FileSource,
    readonly where: string,
    readonly byteLength: number,
  ) {}

  /**
   * Says where in the file the bytes begin: a function, so that finding out may wait for the first read.
   * @param crc the CRC-32 of all of them, where the file has it
   */
  place(start: () => number, crc?: number): void {
    this.#start = start
    this.#crc = crc
  }

  get placed(): boolean {
    return this.#start !== undefined
  }

  /**
   * What is read as a whole is compared with its checksum; a part cannot be.
   * @throws UserError if the bytes are not there, or not those that were written.
   */
  read(target: Uint8Array, offset: number): void {
    if (!this.#start) throw new UserError(`${this.where}: the file does not hold this storage`)
    this.source.read(target, this.#start() + offset)
    if (this.#crc !== undefined && target.length === this.byteLength)
      checkBytes(this.where, this.#crc, target)
  }
}
