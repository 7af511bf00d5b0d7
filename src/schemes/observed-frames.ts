import { UserError } from '../errors.js'
import { frameRanges } from './frame-ranges.js'
import { range } from './range.js'
import type { SchemeSettings } from './types.js'

/**
 * Reads which frames are given: positions, ranges and every n-th frame, separated by commas: `0,49,99`,
 * `0-35,99`, `every:10`.
 * @param T frames of the video
 * @returns positions, ascending, each once; or their number, if they are the first frames
 * @throws UserError for anything else.
 */
export function parseObservedFrames(typed: string, T: number): SchemeSettings['observed'] {
  const parts = typed.split(',').map((part) => part.trim())
  const frames = [...new Set(parts.flatMap((part) => framesOf(part, T)))].sort((a, b) => a - b)
  return frames.every((frame, i) => frame === i) ? frames.length : frames
}

/** Longest list that is spelt out in the name of a folder. */
const LONGEST_LABEL = 40

/**
 * Given frames in the name of a folder or a file: how many first ones (`36`), or which (`0-35,99`, and of a single
 * one `36-36`).
 */
export function observedLabel(observed: SchemeSettings['observed']): string {
  if (typeof observed === 'number') return String(observed)
  const [first = 0] = observed
  const label = observed.length === 1 ? `${first}-${first}` : frameRanges(observed)
  return label.length <= LONGEST_LABEL ? label : `${observed.length}frames-${hash(label)}`
}

function framesOf(part: string, T: number): number[] {
  const [, every] = /^every:(\d+)$/.exec(part) ?? []
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
  if (Number(every) > 0) return range(T).filter((frame) => frame % Number(every) === 0)
  if (first !== undefined && Number(first) <= Number(last ?? first)) {
    if (Number(last ?? first) < T) return range(Number(first), Number(last ?? first) + 1)
    const outside = Math.max(T, Number(first))
    throw new UserError(
      `--obs_frames ${part}: frame ${outside} cannot be observed, a video of T = ${T} frames has 0 to ${T - 1}`,
    )
  }
  throw new UserError(
    `--obs_frames takes frames as in "0,49,99", ranges as in "0-35,99", or "every:10", not ${JSON.stringify(part)}`,
  )
}

/** FNV-1a, 32 bits: long lists differ in it, and it is the same everywhere. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  return (value >>> 0).toString(16).padStart(8, '0')
}
