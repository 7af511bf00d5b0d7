import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import { encodePngRows, type PngRows } from '../../src/video/png-rows.js'
import { hostRandom } from '../../src/random.js'

/** RGB of all pixels, as pngjs reads them. */
async function decoded(picture: PngRows) {
  const { width, height, data } = PNG.sync.read(Buffer.from(await encodePngRows(picture)))
  return { width, height, rgb: data.filter((_, i) => i % 4 !== 3) }
}

function* randomRows(width: number, height: number, levels: number): Generator<Uint8Array> {
  const random = hostRandom('rows', width)
  for (let y = 0; y < height; y++) {
    // Smooth to the right, smooth downwards, or neither: each filter is the best for some.
    const [right, down] = [random.integer(0, 9), random.integer(0, 9)]
    yield Uint8Array.from({ length: width }, (_, x) =>
      y % 3 === 0 ? random.integer(0, levels) : (x * right + y * down) % levels,
    )
  }
}

test.each([
  [1, 1],
  [7, 50],
  [300, 400],
])('%i x %i pixels of all colours come back', async (width, height) => {
  const rows = [...randomRows(3 * width, height, 256)]
  expect(await decoded({ width, height, rows })).toEqual({ width, height, rgb: Buffer.concat(rows) })
})

test('numbers of colours come back as these', async () => {
  const palette = [
    [0, 0, 0],
    [255, 69, 0],
    [1, 2, 3],
  ] as const
  const rows = [...randomRows(40, 30, 3)]
  const rgb = Buffer.from([...Buffer.concat(rows)].flatMap((index) => [...(palette[index] ?? [])]))
  expect(await decoded({ width: 40, height: 30, palette, rows })).toEqual({ width: 40, height: 30, rgb })
})

test('makes rows as they are compressed, and stops when it is told to', async () => {
  const controller = new AbortController()
  const row = new Uint8Array(30_000)
  let rows = 0
  function* many() {
    for (; rows < 1e6; rows++) {
      if (rows === 10) setImmediate(() => controller.abort())
      yield row
    }
  }
  const encoding = encodePngRows({ width: 10_000, height: 1e6, rows: many() }, controller.signal)
  await expect(encoding).rejects.toThrow(/abort/)
  expect(rows).toBeLessThan(1e6)
})
