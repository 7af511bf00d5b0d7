/** Frames as unbroken ranges, ascending, each once: `0-35,99`. */
export function frameRanges(frames: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const frame of ascending(frames)) {
    const run = runs.at(-1)
    if (run?.[1] === frame - 1) run[1] = frame
    else runs.push([frame, frame])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** As most lists of frames are: those of large plans are not sorted for nothing. */
function ascending(frames: readonly number[]): readonly number[] {
  const isSorted = frames.every((frame, i) => i === 0 || frame > (frames[i - 1] ?? NaN))
  return isSorted ? frames : [...new Set(frames)].sort((a, b) => a - b)
}
