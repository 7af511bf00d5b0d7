/** How speeds are taken from positions. The defaults are the paper's. */
export interface SpeedOptions {
  /** Frames from one position of a pair to the other. Default: 10, one second. */
  readonly stride?: number
  /** `all`: a pair begins at every frame; `disjoint`: where the pair before it ends. Default: all. */
  readonly pairs?: 'all' | 'disjoint'
  /** Frames a second. Default: 10, the data set's. */
  readonly framesPerSecond?: number
  /** Whether a frame was given, not sampled: pairs of two given frames do not count. Default: none was. */
  readonly isGiven?: (frame: number) => boolean
}

/** How fast it went from one frame to another. */
export interface Speed {
  readonly from: number
  readonly to: number
  /** Metres a second, as the crow flies. */
  readonly value: number
}

/**
 * The speeds along a drive: the distance between positions that lie `stride` frames apart, over the time
 * between them.
 * @param positions (T) of [x, y] in metres
 */
export function speedsOf(
  positions: readonly (readonly [number, number])[],
  { stride = 10, pairs = 'all', framesPerSecond = 10, isGiven = () => false }: SpeedOptions = {},
): Speed[] {
  const speeds: Speed[] = []
  const seconds = stride / framesPerSecond
  for (let from = 0; from + stride < positions.length; from += pairs === 'all' ? 1 : stride) {
    const to = from + stride
    const [start, end] = [positions[from], positions[to]]
    if (!start || !end || (isGiven(from) && isGiven(to))) continue
    speeds.push({ from, to, value: Math.hypot(end[0] - start[0], end[1] - start[1]) / seconds })
  }
  return speeds
}
