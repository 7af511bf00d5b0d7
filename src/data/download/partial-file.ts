import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { writeFileAtomic, writeFully } from '../../files/write-file.js'
import { makeFolder } from '../../files/make-folder.js'
import path from 'node:path'

/** What a server says of a file: two answers with the same are about the same bytes. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** Bytes of the whole file. */
  readonly total: number | undefined
}

interface PartRecord extends Validators {
  readonly url: string
}

/**
 * What has been received of a file, `<file>.part`, and of which state of it, `<file>.part.json`. Only bytes
 * that follow one another from the beginning are ever in it.
 */
export class PartialFile {
  readonly part: string
  readonly #record: string
  #fd: number | undefined

  constructor(
    readonly file: string,
    readonly url: string,
  ) {
    this.part = `${file}.part`
    this.#record = `${this.part}.json`
    makeFolder(path.dirname(path.resolve(file)))
  }

  /** Bytes there, and what the server said of them; nothing if they are of another address. */
  state(): { readonly bytes: number; readonly validators: Validators | undefined } {
    const bytes = statSync(this.part, { throwIfNoEntry: false })?.size ?? 0
    const record = this.#readRecord()
    return record?.url === this.url ? { bytes, validators: record } : { bytes: 0, validators: undefined }
  }

  /** Begins anew, or goes on after the bytes that are there. */
  open(bytes: number, validators: Validators): void {
    this.close()
    if (bytes === 0) {
      rmSync(this.#record, { force: true })
      this.#fd = openSync(this.part, 'w')
    } else {
      this.#fd = openSync(this.part, 'a')
      ftruncateSync(this.#fd, bytes)
    }
    const record: PartRecord = { url: this.url, ...validators }
    writeFileAtomic(this.#record, `${JSON.stringify(record)}\n`)
  }

  write(bytes: Uint8Array): void {
    if (this.#fd === undefined) throw new Error('the file is not open')
    writeFully(this.#fd, bytes)
  }

  close(): void {
    if (this.#fd === undefined) return
    fsyncSync(this.#fd)
    closeSync(this.#fd)
    this.#fd = undefined
  }

  /** It is whole: gives it its name. */
  finish(): void {
    this.close()
    renameSync(this.part, this.file)
    rmSync(this.#record, { force: true })
  }

  /** Forgets what was received. */
  discard(): void {
    this.close()
    rmSync(this.part, { force: true })
    rmSync(this.#record, { force: true })
  }

  #readRecord(): PartRecord | undefined {
    try {
      const value = JSON.parse(readFileSync(this.#record, 'utf8')) as Partial<PartRecord> | null
      const text = (entry: unknown) => (typeof entry === 'string' ? entry : undefined)
      if (typeof value?.url !== 'string') return undefined
      const total = typeof value.total === 'number' ? value.total : undefined
      return { url: value.url, etag: text(value.etag), lastModified: text(value.lastModified), total }
    } catch {
      // Missing or damaged: whose the bytes are is then not known.
      return undefined
    }
  }
}
