/** Of how many parts of a batch's frames the output can be asked for. */
const PARTS = 4

/** How many of the parts hold all frames that are wanted: 1 to 4. */
export function outputParts(wanted: ArrayLike<number>): number {
  const count = Array.from(wanted).filter((frame) => frame !== 0).length
  return Math.max(1, Math.ceil((count * PARTS) / wanted.length))
}

/**
 * Which of a batch's frames to ask the network for: those that are wanted, filled up with others to a
 * quarter, a half, three quarters or all, so that a few recordings of a compiled step serve all masks.
 * @param wanted not 0 where a frame's output is used: one number per frame
 * @param parts how many quarters, at least those that are needed
 * @returns indices of frames, ascending; undefined if it is all of them
 */
export function outputRows(
  wanted: ArrayLike<number>,
  parts: number = outputParts(wanted),
): Int32Array | undefined {
  const all = Array.from(wanted, (_, row) => row)
  const asked = Math.ceil((parts * all.length) / PARTS)
  if (asked === all.length) return undefined
  const wantedFirst = all.toSorted((a, b) => Number(wanted[a] === 0) - Number(wanted[b] === 0) || a - b)
  return Int32Array.from(wantedFirst.slice(0, asked)).sort()
}
