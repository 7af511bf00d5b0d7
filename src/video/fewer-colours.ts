/** Colours are told apart as the search for a palette does it: 5 bits of red, 6 of green, 5 of blue. */
const FINE = 1 << 16
/** Cells of 4 bits each, for colours that are rare. */
const COARSE = 1 << 12

/** Of so many colours a palette is found in about a tenth of a second. */
const MOST_COLOURS = 4096
/** The most frequent colours, which stay what they are. */
const KEPT = MOST_COLOURS / 2

/**
 * Pixels to find a palette for: the search takes as long as the square of the number of colours, seconds for a frame
 * of noise. Of more than 4096 colours the 2048 most frequent ones stay, and the others become the mean of those
 * that are rare and have the same 4 bits: at most 6144 in all, of which a palette is as good.
 * @param rgba 4 values of 0 to 255 for each pixel
 * @returns the pixels themselves if they have few colours; else others in their place
 */
export function fewerColours(rgba: Uint8Array): Uint8Array {
  const counts = new Uint32Array(FINE)
  for (let i = 0; i < rgba.length; i += 4) increment(counts, fineCell(rgba, i))
  const colours = [...counts.keys()].filter((colour) => counts[colour] !== 0)
  if (colours.length <= MOST_COLOURS) return rgba
  const isKept = new Uint8Array(FINE)
  colours.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b)
  for (const colour of colours.slice(0, KEPT)) isKept[colour] = 1

  // Of the rare pixels in each cell, the sums of red, green and blue, and their number.
  const sums = new Float64Array(4 * COARSE)
  const rare = (i: number) => isKept[fineCell(rgba, i)] === 0
  for (let i = 0; i < rgba.length; i += 4) {
    if (!rare(i)) continue
    const cell = 4 * coarseCell(rgba, i)
    for (let c = 0; c < 3; c++) increment(sums, cell + c, rgba[i + c])
    increment(sums, cell + 3)
  }
  const reduced = rgba.slice()
  for (let i = 0; i < rgba.length; i += 4) {
    if (!rare(i)) continue
    const cell = 4 * coarseCell(rgba, i)
    const count = sums[cell + 3] ?? 1
    for (let c = 0; c < 3; c++) reduced[i + c] = Math.round((sums[cell + c] ?? 0) / count)
  }
  return reduced
}

const fineCell = (rgba: Uint8Array, i: number) =>
  (at(rgba, i, 5) << 11) | (at(rgba, i + 1, 6) << 5) | at(rgba, i + 2, 5)

const coarseCell = (rgba: Uint8Array, i: number) =>
  (at(rgba, i, 4) << 8) | (at(rgba, i + 1, 4) << 4) | at(rgba, i + 2, 4)

/** The highest bits of a value. */
const at = (values: Uint8Array, i: number, bits: number) => (values[i] ?? 0) >> (8 - bits)

function increment(values: Uint32Array | Float64Array, i: number, by = 1): void {
  values[i] = (values[i] ?? 0) + by
}
