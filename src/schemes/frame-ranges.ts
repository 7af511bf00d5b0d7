/** Frames as unbroken ranges, ascending, each once: `0-35,99`. */
export function frameRanges(frames: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const frame of [...new Set(frames)].sort((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run?.[1] === frame - 1) run[1] = frame
    else runs.push([frame, frame])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}
