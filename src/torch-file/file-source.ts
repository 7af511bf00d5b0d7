import { fstatSync, type BigIntStats } from 'node:fs'
import { UserError } from '../errors.js'
import { openToRead } from '../files/open-to-read.js'
import { readFully } from '../files/read-fully.js'

/** Bytes of the largest file that is read at once if asked for. */
const AT_ONCE_LIMIT = 2 ** 24

/**
 * A file that is read in pieces. It is opened for each piece, so that nothing has to be closed; a file
 * that was replaced or grew in between is an error, not garbage. A small one can be read at once instead.
 */
export class FileSource {
  readonly size: number
  readonly #identity: string
  /** Of a file that is read at once. */
  readonly #content: Uint8Array | undefined

  /**
   * @param atOnce whether to read the file now, unless it has more than 16 MiB: others may then replace it at any time
   * @throws UserError naming the file if it cannot be opened.
   */
  constructor(
    readonly path: string,
    { atOnce = false }: { readonly atOnce?: boolean } = {},
  ) {
    const opened = withFile(path, (fd, stat) => {
      const size = Number(stat.size)
      const content = atOnce && size <= AT_ONCE_LIMIT ? new Uint8Array(size) : undefined
      if (content) readFully(path, fd, content, 0)
      return { size, identity: identityOf(stat), content }
    })
    this.size = opened.size
    this.#identity = opened.identity
    this.#content = opened.content
  }

  /** Fills `target` with the bytes from `position` on. @throws UserError if they are not there. */
  read(target: Uint8Array, position: number): void {
    this.#check(position, target.length)
    if (target.length === 0) return
    if (this.#content) {
      target.set(this.#content.subarray(position, position + target.length))
      return
    }
    withFile(this.path, (fd, stat) => {
      if (identityOf(stat) !== this.#identity)
        throw new UserError(`${this.path}: the file was changed since it was opened; read it again`)
      readFully(this.path, fd, target, position)
    })
  }

  /** Reads `length` bytes from `position` on into new memory. */
  bytes(position: number, length: number): Buffer<ArrayBuffer> {
    this.#check(position, length)
    const bytes = Buffer.alloc(length)
    this.read(bytes, position)
    return bytes
  }

  #check(position: number, length: number): void {
    if (position >= 0 && position + length <= this.size) return
    throw new UserError(
      `${this.path}: bytes ${position} to ${position + length} are needed, the file has ${this.size}; it is truncated or damaged`,
    )
  }
}

function withFile<T>(path: string, use: (fd: number, stat: BigIntStats) => T): T {
  return openToRead(path, (fd) => {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw new UserError(`${path}: a PyTorch file was expected, this is not a plain file`)
    return use(fd, stat)
  })
}

/** Not the inode: another process may put an identical copy in a file's place, with its time of change. */
function identityOf({ size, mtimeNs }: BigIntStats): string {
  return [size, mtimeNs].join(':')
}
