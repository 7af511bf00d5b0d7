import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflate } from 'node:zlib'

export interface PngRows {
  readonly width: number
  readonly height: number
  /** Of at most 256 colours: a pixel is then the number of its colour, one byte, else three bytes, RGB. */
  readonly palette?: readonly (readonly [r: number, g: number, b: number])[]
  /** From the top, each made when it is needed. */
  readonly rows: Iterable<Uint8Array>
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const [RGB, PALETTE] = [2, 3]
/** Bytes that are compressed at a time. */
const PIECE = 2 ** 17

/**
 * A PNG (W3C, Portable Network Graphics, third edition) of rows that need not all be in memory, as pngjs asks for:
 * what it takes is little more than the file.
 * @throws the signal's reason, if the person wants to stop
 */
export async function encodePngRows(
  { width, height, palette, rows }: PngRows,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const compressed: Uint8Array[] = []
  const collect = async (pieces: AsyncIterable<Uint8Array>) => {
    for await (const piece of pieces) compressed.push(piece)
  }
  try {
    const filtered = Readable.from(pieces(filteredRows(rows, palette ? 1 : 3)))
    await pipeline(filtered, createDeflate(), collect, { ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, width)
  header.setUint32(4, height)
  header.setUint8(8, 8)
  header.setUint8(9, palette ? PALETTE : RGB)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', new Uint8Array(header.buffer)),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette.flat()))] : []),
    chunk('IDAT', Buffer.concat(compressed)),
    chunk('IEND', new Uint8Array()),
  ])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/**
 * Each row less what is above it or to its left, whichever makes the smaller numbers, after the number of that
 * filter (sections 9.2 and 12.7).
 */
function* filteredRows(rows: Iterable<Uint8Array>, bytesPerPixel: number): Generator<Uint8Array> {
  let above: Uint8Array | undefined
  for (const row of rows) {
    const before = above
    const candidates = [
      filtered(0, row, () => 0),
      filtered(1, row, (i) => row[i - bytesPerPixel] ?? 0),
      filtered(2, row, (i) => before?.[i] ?? 0),
    ]
    yield candidates.reduce((best, other) => (size(other) < size(best) ? other : best))
    above = row
  }
}

function filtered(filter: number, row: Uint8Array, predicted: (i: number) => number): Uint8Array {
  const result = new Uint8Array(row.length + 1)
  result[0] = filter
  for (let i = 0; i < row.length; i++) result[i + 1] = (row[i] ?? 0) - predicted(i)
  return result
}

/** Of the differences, taken as -128 to 127. */
function size(filtered: Uint8Array): number {
  let sum = 0
  for (let i = 1; i < filtered.length; i++) {
    const value = filtered[i] ?? 0
    sum += Math.min(value, 256 - value)
  }
  return sum
}

/** The same bytes in pieces that are worth a call of the compressor. */
function* pieces(rows: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for (const row of rows) {
    waiting.push(row)
    bytes += row.length
    if (bytes < PIECE) continue
    yield Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  yield Buffer.concat(waiting)
}
