import { UserError } from '../errors.js'
import type { FrameDistances } from './types.js'

/**
 * Adds to the chosen frames those that look least like them.
 * @param chosen frames that are taken in any case, at least one; only the first `count` if they are more
 * @param candidates frames to choose from, in the order in which ties are decided. A frame may be taken
 *   again where no candidate looks different from all that are chosen: then the first one is.
 * @returns exactly `count` frames, in the order of choice
 * @throws UserError if a distance is not a number.
 */
export type ChooseDiverse = (
  chosen: readonly number[],
  candidates: readonly number[],
  count: number,
) => number[]

/**
 * Farthest-point selection among the frames of one video: the next frame is the one whose smallest distance
 * to the chosen ones is largest.
 */
export function diverseFrames(distances: FrameDistances): ChooseDiverse {
  return (fixed, candidates, count) => {
    const chosen = fixed.slice(0, count)
    const smallest = new Float64Array(candidates.length).fill(Infinity)
    let compared = 0
    while (chosen.length < count) {
      for (; compared < chosen.length; compared++)
        lower(smallest, candidates, distances.from(chosen[compared] ?? 0))
      chosen.push(candidates[indexOfLargest(smallest)] ?? 0)
    }
    return chosen
  }
}

/** Keeps of each candidate the smallest distance. */
function lower(smallest: Float64Array, candidates: readonly number[], distances: Float64Array): void {
  for (let i = 0; i < smallest.length; i++) {
    const distance = distances[candidates[i] ?? 0] ?? NaN
    if (Number.isNaN(distance))
      throw new UserError(
        'the distances of frames are not numbers: the weights of what compares them are damaged',
      )
    if (distance < (smallest[i] ?? 0)) smallest[i] = distance
  }
}

function indexOfLargest(values: Float64Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i
  return best
}
