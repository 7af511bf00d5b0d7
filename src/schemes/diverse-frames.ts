import type { FrameFeatures } from './types.js'

/**
 * Adds to the chosen frames those that look least like them.
 * @param chosen frames that are taken in any case, at least one; only the first `count` if they are more
 * @param candidates frames to choose from, in the order in which ties are decided. A frame may be taken
 *   again where no candidate looks different from all that are chosen: then the first one is.
 * @returns exactly `count` frames, in the order of choice
 */
export type ChooseDiverse = (
  chosen: readonly number[],
  candidates: readonly number[],
  count: number,
) => number[]

/**
 * Farthest-point selection among the frames of one video: the next frame is the one whose smallest distance
 * to the chosen ones is largest. The distance of two frames is computed when it is first needed, and kept.
 * @param videoLength frames of the video
 */
export function diverseFrames(features: FrameFeatures, videoLength: number): ChooseDiverse {
  const distance = keptDistances(features, videoLength)
  return (fixed, candidates, count) => {
    const chosen = fixed.slice(0, count)
    // Of each candidate the smallest distance to the first `compared` chosen frames: it can only shrink, so
    // that most candidates are out of the question without being compared with all of them.
    const smallest = new Float64Array(candidates.length).fill(Infinity)
    const compared = new Uint32Array(candidates.length)

    /** Compares a candidate with the chosen frames as long as it may be `enough` away from all. */
    const compare = (i: number, enough: number): number => {
      const candidate = candidates[i] ?? 0
      let least = smallest[i] ?? 0
      let at = compared[i] ?? 0
      // The one nearest in time looks most like it, as a rule, and then no other matters.
      if (at < chosen.length && least >= enough)
        least = Math.min(least, distance(candidate, nearestOf(chosen, candidate)))
      for (; at < chosen.length && least >= enough; at++)
        least = Math.min(least, distance(candidate, chosen[at] ?? 0))
      compared[i] = at
      return (smallest[i] = least)
    }

    while (chosen.length < count) {
      // The likely winner first: whoever is nearer than it need not be compared further.
      let best = indexOfLargest(smallest)
      let farthest = compare(best, 0)
      for (let i = 0; i < candidates.length; i++) {
        const known = smallest[i] ?? 0
        if (known < farthest || (known === farthest && i >= best)) continue
        const away = compare(i, farthest)
        if (away > farthest || (away === farthest && i < best)) [best, farthest] = [i, away]
      }
      chosen.push(candidates[best] ?? 0)
    }
    return chosen
  }
}

/** The distance of a frame to a chosen one; what is known of a chosen frame lies together in memory. */
function keptDistances(
  features: FrameFeatures,
  videoLength: number,
): (candidate: number, chosen: number) => number {
  const vectors = new Array<Float32Array | Float64Array | undefined>(videoLength).fill(undefined)
  const kept = new Array<Float64Array | undefined>(videoLength).fill(undefined)
  return (candidate, chosen) => {
    const row = (kept[chosen] ??= new Float64Array(videoLength).fill(NaN))
    const known = row[candidate] ?? NaN
    // False for what is not a number: not known.
    if (known >= 0) return known
    const before = kept[candidate]?.[chosen] ?? NaN
    if (before >= 0) return (row[candidate] = before)
    const from = (vectors[candidate] ??= features.of(candidate))
    const to = (vectors[chosen] ??= features.of(chosen))
    return (row[candidate] = squaredDistance(from, to))
  }
}

/** Four sums at a time, which processors compute at once: most of planning is spent here. */
function squaredDistance(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0]
  const whole = a.length - (a.length % 4)
  for (let i = 0; i < whole; i += 4) {
    sum0 += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
    sum1 += ((a[i + 1] ?? 0) - (b[i + 1] ?? 0)) ** 2
    sum2 += ((a[i + 2] ?? 0) - (b[i + 2] ?? 0)) ** 2
    sum3 += ((a[i + 3] ?? 0) - (b[i + 3] ?? 0)) ** 2
  }
  for (let i = whole; i < a.length; i++) sum0 += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
  return sum0 + sum1 + sum2 + sum3
}

function nearestOf(frames: readonly number[], frame: number): number {
  let nearest = frames[0] ?? 0
  for (const other of frames) if (Math.abs(other - frame) < Math.abs(nearest - frame)) nearest = other
  return nearest
}

function indexOfLargest(values: Float64Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i
  return best
}
