import { crc32 } from 'node:zlib'
import { writeFully } from '../files/write-file.js'
import { ByteWriter } from './byte-writer.js'

/** Content of one record: it calls `write` with one piece after the other. */
export type Produce = (write: (bytes: Uint8Array) => void) => void

interface Written {
  readonly name: Uint8Array
  readonly offset: number
  readonly size: number
  readonly crc: number
}

/** PyTorch maps records into memory and wants their content at multiples of this. */
const ALIGNMENT = 64
/** Sizes, offsets and counts from here on need zip64. */
const ZIP64_FROM = { bytes: 0xffffffff, records: 0xffff }

/**
 * Writes a zip file of stored records from front to back, one record's piece in memory at a time.
 * Checksums follow the content, as in PyTorch's own files.
 */
export class ZipWriter {
  readonly #written: Written[] = []
  #position = 0

  /** @param zip64 where zip64 begins: smaller in tests, where a file of 4 GiB would be slow */
  constructor(
    readonly fd: number,
    readonly zip64: { readonly bytes: number; readonly records: number } = ZIP64_FROM,
  ) {}

  /** Adds a record. `size` is what `produce` will write, in bytes. */
  add(name: string, size: number, produce: Produce): void {
    const offset = this.#position
    const nameBytes = Buffer.from(name, 'utf8')
    const wide = size >= this.zip64.bytes
    this.#write(localHeader(nameBytes, offset, wide))
    const start = this.#position
    let crc = 0
    produce((bytes) => {
      crc = crc32(bytes, crc)
      this.#write(bytes)
    })
    if (this.#position - start !== size)
      throw new Error(`record ${name} has ${this.#position - start} bytes instead of ${size}`)
    const descriptor = new ByteWriter().u32(0x08074b50).u32(crc)
    this.#write((wide ? descriptor.u64(size).u64(size) : descriptor.u32(size).u32(size)).bytes())
    this.#written.push({ name: nameBytes, offset, size, crc })
  }

  /** Writes the directory. Nothing can be added after it. */
  finish(): void {
    const start = this.#position
    for (const record of this.#written) this.#write(this.#directoryEntry(record))
    const size = this.#position - start
    const count = this.#written.length
    const wide = start >= this.zip64.bytes || size >= this.zip64.bytes || count >= this.zip64.records
    if (wide) this.#write(end64(count, size, start))
    this.#write(
      new ByteWriter()
        .u32(0x06054b50)
        .u16(0)
        .u16(0)
        .u16(wide ? 0xffff : count)
        .u16(wide ? 0xffff : count)
        .u32(wide ? 0xffffffff : size)
        .u32(wide ? 0xffffffff : start)
        .u16(0)
        .bytes(),
    )
  }

  #directoryEntry({ name, offset, size, crc }: Written): Uint8Array {
    const wide = size >= this.zip64.bytes || offset >= this.zip64.bytes
    const entry = new ByteWriter().u32(0x02014b50).u16(VERSION)
    writeCommon(entry, crc, wide ? 0xffffffff : size, name.length, wide ? 4 + 24 : 0)
    entry.u16(0).u16(0).u16(0).u32(0)
    entry.u32(wide ? 0xffffffff : offset).raw(name)
    if (wide) entry.u16(ZIP64_EXTRA).u16(24).u64(size).u64(size).u64(offset)
    return entry.bytes()
  }

  #write(bytes: Uint8Array): void {
    writeFully(this.fd, bytes)
    this.#position += bytes.length
  }
}

const VERSION = 45
/** Sizes and checksum stand after the content; the name is UTF-8. */
const FLAGS = 0x0808
/** 1 January 1980, the earliest a zip file knows: the same values make the same file. */
const DATE = 0x21
const ZIP64_EXTRA = 1
/** The padding field that PyTorch's own files have. */
const PADDING_EXTRA = 0x4246

function localHeader(name: Uint8Array, offset: number, wide: boolean): Uint8Array {
  const wideBytes = wide ? 4 + 16 : 0
  const content = offset + 30 + name.length + wideBytes + 4
  const padding = (ALIGNMENT - (content % ALIGNMENT)) % ALIGNMENT
  const header = new ByteWriter().u32(0x04034b50)
  writeCommon(header, 0, wide ? 0xffffffff : 0, name.length, wideBytes + 4 + padding)
  header.raw(name)
  if (wide) header.u16(ZIP64_EXTRA).u16(16).u64(0).u64(0)
  return header.u16(PADDING_EXTRA).u16(padding).raw(Buffer.alloc(padding, 'Z')).bytes()
}

/** The fields that a record's two headers share. */
function writeCommon(out: ByteWriter, crc: number, size: number, nameLength: number, extraLength: number) {
  out.u16(VERSION).u16(FLAGS).u16(0).u16(0).u16(DATE)
  out.u32(crc).u32(size).u32(size).u16(nameLength).u16(extraLength)
}

/** The zip64 end of the directory and its locator. */
function end64(count: number, size: number, start: number): Uint8Array {
  const end = new ByteWriter().u32(0x06064b50).u64(44).u16(VERSION).u16(VERSION).u32(0).u32(0)
  end.u64(count).u64(count).u64(size).u64(start)
  return end
    .u32(0x07064b50)
    .u32(0)
    .u64(start + size)
    .u32(1)
    .bytes()
}
