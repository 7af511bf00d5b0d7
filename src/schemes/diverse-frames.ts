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
  const distances = new KeptDistances(features, videoLength)
  return (fixed, candidates, count) => {
    const chosen = fixed.slice(0, count)
    const survey = new Survey(distances, candidates, chosen)
    while (chosen.length < count) chosen.push(survey.farthest())
    return chosen
  }
}

/** How far each candidate is from the chosen frames, as far as it matters. */
class Survey {
  /** The smallest distance to the chosen frames that it was compared with, the first `compared` among them. */
  readonly #smallest: Float64Array
  readonly #compared: Uint32Array
  readonly #distances: KeptDistances
  readonly #candidates: readonly number[]
  readonly #chosen: readonly number[]

  /** @param chosen may grow */
  constructor(distances: KeptDistances, candidates: readonly number[], chosen: readonly number[]) {
    this.#distances = distances
    this.#candidates = candidates
    this.#chosen = chosen
    this.#smallest = new Float64Array(candidates.length).fill(Infinity)
    this.#compared = new Uint32Array(candidates.length)
  }

  /** The candidate whose smallest distance to the chosen frames is largest, the first of several. */
  farthest(): number {
    // The likely winner first: whoever is nearer than it need not be compared with all.
    let best = indexOfLargest(this.#smallest)
    let distance = this.#compare(best, 0)
    for (let i = 0; i < this.#candidates.length; i++) {
      const atMost = this.#smallest[i] ?? 0
      if (atMost < distance || (atMost === distance && i >= best)) continue
      const away = this.#compare(i, distance)
      if (away > distance || (away === distance && i < best)) {
        best = i
        distance = away
      }
    }
    return this.#candidates[best] ?? 0
  }

  /** Compares candidate number `i` with the chosen frames as long as it may be `enough` away from all. */
  #compare(i: number, enough: number): number {
    const candidate = this.#candidates[i] ?? 0
    const chosen = this.#chosen
    let least = this.#smallest[i] ?? 0
    let at = this.#compared[i] ?? 0
    // The one nearest in time looks most like it, as a rule, and then no other matters.
    if (at < chosen.length && least >= enough)
      least = Math.min(least, this.#distances.between(candidate, nearestOf(chosen, candidate)))
    for (; at < chosen.length && least >= enough; at++)
      least = Math.min(least, this.#distances.between(candidate, chosen[at] ?? 0))
    this.#compared[i] = at
    this.#smallest[i] = least
    return least
  }
}

/** Distances of frames, each computed once. */
class KeptDistances {
  readonly #features: FrameFeatures
  readonly #vectors: (Float32Array | Float64Array | undefined)[]
  /** By chosen frame, then by candidate; -1 where it is not known. */
  readonly #rows: (Float64Array | undefined)[]
  readonly #videoLength: number

  constructor(features: FrameFeatures, videoLength: number) {
    this.#features = features
    this.#videoLength = videoLength
    this.#vectors = new Array<undefined>(videoLength).fill(undefined)
    this.#rows = new Array<undefined>(videoLength).fill(undefined)
  }

  between(candidate: number, chosen: number): number {
    const row = (this.#rows[chosen] ??= new Float64Array(this.#videoLength).fill(-1))
    const known = row[candidate] ?? -1
    if (known >= 0) return known
    const otherWay = this.#rows[candidate]?.[chosen] ?? -1
    const distance = otherWay >= 0 ? otherWay : squaredDistance(this.#vector(candidate), this.#vector(chosen))
    row[candidate] = distance
    return distance
  }

  #vector(frame: number): Float32Array | Float64Array {
    return (this.#vectors[frame] ??= this.#features.of(frame))
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
