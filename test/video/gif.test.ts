import { expect, test } from 'vitest'
import { inTurns } from '../../src/in-turns.js'
import { hostRandom } from '../../src/random.js'
import { encodeGif, gifSteps } from '../../src/video/gif.js'
import { film } from './films.js'

/** The pixels of each frame, by GIF89a's own description, for GIFs whose frames cover the whole picture. */
function decodeGif(gif: Uint8Array): {
  width: number
  height: number
  delays: number[]
  frames: number[][][]
} {
  const bytes = Buffer.from(gif)
  expect(bytes.toString('latin1', 0, 6)).toBe('GIF89a')
  const [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)]
  const table = (at: number, flags: number) => {
    const size = flags & 0x80 ? 2 << (flags & 7) : 0
    return {
      at: at + 3 * size,
      colours: Array.from({ length: size }, (_, i) => [...bytes.subarray(at + 3 * i, at + 3 * i + 3)]),
    }
  }
  const blocks = (at: number) => {
    const parts: Buffer[] = []
    while (bytes.readUInt8(at) > 0) {
      parts.push(bytes.subarray(at + 1, at + 1 + bytes.readUInt8(at)))
      at += 1 + bytes.readUInt8(at)
    }
    return { at: at + 1, data: Buffer.concat(parts) }
  }
  const global = table(13, bytes.readUInt8(10))
  const delays: number[] = []
  const frames: number[][][] = []
  let at = global.at
  while (bytes.readUInt8(at) !== 0x3b) {
    if (bytes.readUInt8(at) === 0x21) {
      if (bytes.readUInt8(at + 1) === 0xf9) delays.push(bytes.readUInt16LE(at + 4))
      at = blocks(at + 2).at
      continue
    }
    expect(bytes.readUInt8(at)).toBe(0x2c)
    const local = table(at + 10, bytes.readUInt8(at + 9))
    const colours = local.colours.length > 0 ? local.colours : global.colours
    const body = blocks(local.at + 1)
    frames.push(unpackLzw(body.data, bytes.readUInt8(local.at)).map((index) => colours[index] ?? []))
    at = body.at
  }
  return { width, height, delays, frames }
}

function unpackLzw(data: Buffer, minSize: number): number[] {
  const clear = 1 << minSize
  const fresh = () => Array.from({ length: clear + 2 }, (_, i) => (i < clear ? [i] : []))
  const out: number[] = []
  let [codes, size, bit, previous] = [fresh(), minSize + 1, 0, undefined as number[] | undefined]
  while (true) {
    let code = 0
    for (let i = 0; i < size; i++, bit++) code |= (((data[bit >> 3] ?? 0) >> (bit & 7)) & 1) << i
    if (code === clear + 1) return out
    if (code === clear) {
      ;[codes, size, previous] = [fresh(), minSize + 1, undefined]
      continue
    }
    const entry: number[] = codes[code] ?? [...(previous ?? []), previous?.[0] ?? 0]
    out.push(...entry)
    if (previous && codes.length < 4096) codes.push([...previous, entry[0] ?? 0])
    if (codes.length === 1 << size && size < 12) size++
    previous = entry
  }
}

test('a film of few colours keeps them, each frame its own', () => {
  const made = film(3, 8, 12, (t, y, x) => [80 * t, y < 4 ? 255 : 0, x < 6 ? 128 : 16])
  const { width, height, delays, frames } = decodeGif(encodeGif(made, 10))
  expect([width, height]).toEqual([12, 8])
  expect(delays).toEqual([10, 10, 10])
  expect(frames.flat(2)).toEqual([...made.data])
})

test('a film of many colours stays close', () => {
  const made = film(2, 48, 64, (t, y, x) => [4 * x, 5 * y, (x * y * (t + 1)) % 256])
  const { frames } = decodeGif(encodeGif(made, 10))
  const squares = frames.flat(2).map((value, i) => (value - (made.data[i] ?? 0)) ** 2)
  const rms = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
  expect(frames.flat()).toHaveLength(2 * 48 * 64)
  expect(rms).toBeLessThan(12)
})

test('a frame of noise stays as close as its colours allow', () => {
  const random = hostRandom('noise', 1)
  const made = film(1, 128, 128, () => [0, 1, 2].map(() => random.integer(0, 256)))
  const squares = decodeGif(encodeGif(made, 10))
    .frames.flat(2)
    .map((value, i) => (value - (made.data[i] ?? 0)) ** 2)
  // 11.559 with a palette for all its colours, which takes seconds to find.
  expect(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)).toBeLessThan(11.6)
})

test('frames a second', () => {
  expect(decodeGif(encodeGif(film(2, 2, 2), 4)).delays).toEqual([25, 25])
  // No hundredth is lost where they do not go up evenly.
  expect(decodeGif(encodeGif(film(6, 2, 2), 30)).delays).toEqual([3, 4, 3, 3, 4, 3])
})

test('stops between frames when it is told to', async () => {
  const controller = new AbortController()
  let frames = 0
  const shape = [1000, 8, 8, 3] as const
  const frame = () => {
    if (++frames === 5) setImmediate(() => controller.abort())
    return new Uint8Array(8 * 8 * 3)
  }
  await expect(inTurns(gifSteps({ shape, frame }, 10), controller.signal)).rejects.toThrow(/abort/)
  expect(frames).toBeLessThan(10)
})
