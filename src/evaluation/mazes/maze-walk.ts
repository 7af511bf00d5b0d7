/**
 * What a walk through a maze is like: it *stays* in its room, *enters* a hallway and never leaves it, or
 * *recovers* a room after a hallway.
 */
export type MazeWalk = 'stays' | 'enters' | 'recovers'

export const MAZE_WALKS: readonly MazeWalk[] = ['stays', 'enters', 'recovers']

/** Pixels above which a hallway is entered, and from which down it is left. */
const ENTERED_ABOVE = 1000
const LEFT_AT = 500
/** Weights of neighbouring frames. */
const TAPS = [1, 2, 3, 4, 5, 4, 3, 2, 1] as const

/**
 * Tells walks apart by their hallway pixels.
 * @param counts of each frame in turn; they are smoothed over time
 */
export function mazeWalk(counts: readonly number[]): MazeWalk {
  let isInside = false
  let hasEntered = false
  for (const count of smoothed(counts)) {
    if (isInside && count <= LEFT_AT) return 'recovers'
    if (count > ENTERED_ABOVE) isInside = hasEntered = true
  }
  return hasEntered ? 'enters' : 'stays'
}

/** Weighted means; at both ends of those frames that are there. */
export function smoothed(counts: readonly number[]): number[] {
  const reach = (TAPS.length - 1) / 2
  return counts.map((_, frame) => {
    let [sum, weights] = [0, 0]
    TAPS.forEach((weight, tap) => {
      const count = counts[frame + tap - reach]
      if (count === undefined) return
      sum += weight * count
      weights += weight
    })
    return sum / weights
  })
}
