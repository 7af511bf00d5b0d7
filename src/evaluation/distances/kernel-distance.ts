import { atOnce, pauses, type Steps } from '../../in-turns.js'
import type { HostRandom } from '../../random.js'
import { checkComparable, type Features } from './features.js'

export interface SubsetDistances {
  readonly mean: number
  /** Over the subsets, of the whole population: divided by their number. */
  readonly deviation: number
  readonly subsets: number
  /** Vectors of each kind in a subset. */
  readonly size: number
}

/**
 * The kernel distance of two sets of feature vectors: the unbiased estimate of the squared maximum mean
 * discrepancy (Gretton et al. 2012, equation 3) with the kernel `(x.y / D + 1)^3` (Binkowski et al. 2018).
 * It may be negative.
 */
export function kernelDistance(a: Features, b: Features): number {
  return atOnce(kernelSteps(a, b))
}

/** As `kernelDistance`, with pauses. */
export function* kernelSteps(a: Features, b: Features): Steps<number> {
  checkComparable(a, b)
  const everything = [whole(a), whole(b)] as const
  return (yield* estimates(a, b, [everything]))[0] ?? NaN
}

/** Which random subsets. */
export interface SubsetDraws {
  readonly subsets: number
  readonly size: number
  readonly random: HostRandom
}

/**
 * The same over random subsets: its mean, and how much it scatters.
 * @param options at most `size` vectors of either kind, drawn without replacement, `subsets` times
 */
export function kernelDistanceOfSubsets(a: Features, b: Features, options: SubsetDraws): SubsetDistances {
  return atOnce(subsetSteps(a, b, options))
}

/** As `kernelDistanceOfSubsets`, with pauses. */
export function* subsetSteps(
  a: Features,
  b: Features,
  { subsets, size, random }: SubsetDraws,
): Steps<SubsetDistances> {
  checkComparable(a, b)
  const taken = Math.min(size, a.count, b.count)
  const draws = Array.from({ length: subsets }, () => {
    return [someOf(a.count, taken, random), someOf(b.count, taken, random)] as const
  })
  const distances = yield* estimates(a, b, draws)
  const mean = distances.reduce((sum, value) => sum + value, 0) / subsets
  const variance = distances.reduce((sum, value) => sum + (value - mean) ** 2, 0) / subsets
  return { mean, deviation: Math.sqrt(variance), subsets, size: taken }
}

/** Which vectors of a set are in a subset: 1 for each that is. */
type Membership = Uint8Array

const whole = ({ count }: Features): Membership => new Uint8Array(count).fill(1)

/** Draws without replacement (Fisher and Yates). */
function someOf(count: number, size: number, random: HostRandom): Membership {
  const order = Array.from({ length: count }, (_, i) => i)
  const membership = new Uint8Array(count)
  for (let i = 0; i < size; i++) {
    const j = random.integer(i, count)
    const [drawn, other] = [order[j] ?? NaN, order[i] ?? NaN]
    order[j] = other
    membership[drawn] = 1
  }
  return membership
}

function* estimates(
  a: Features,
  b: Features,
  draws: readonly (readonly [Membership, Membership])[],
): Steps<number[]> {
  const [ofA, ofB] = [draws.map(([inA]) => inA), draws.map(([, inB]) => inB)]
  const inA = meansWithin(yield* sums(a, a, ofA, ofA), ofA)
  const inB = meansWithin(yield* sums(b, b, ofB, ofB), ofB)
  const between = yield* sums(a, b, ofA, ofB)
  return draws.map(([membersA, membersB], i) => {
    const mixed = (between[i] ?? NaN) / (countOf(membersA) * countOf(membersB))
    return (inA[i] ?? NaN) + (inB[i] ?? NaN) - 2 * mixed
  })
}

/** Of sums over the pairs of different vectors. */
function meansWithin(sums: Float64Array, members: readonly Membership[]): Float64Array {
  return sums.map((sum, i) => {
    const count = countOf(members[i])
    return sum / (count * (count - 1))
  })
}

const countOf = (members: Membership | undefined) => members?.reduce((sum, value) => sum + value, 0) ?? NaN

/**
 * Sums of the kernel over pairs, for each subset; a vector with itself does not count. Every value of the
 * kernel is computed once for all subsets, and none is kept.
 */
function* sums(
  a: Features,
  b: Features,
  ofA: readonly Membership[],
  ofB: readonly Membership[],
): Steps<Float64Array> {
  const isPauseDue = pauses()
  const totals = new Float64Array(ofA.length)
  for (let i = 0; i < a.count; i++)
    for (let j = 0; j < b.count; j++) {
      if (a === b && i === j) continue
      addPair(totals, kernel(a, i, b, j), ofA, i, ofB, j)
      if (isPauseDue(a.dimensions + totals.length)) yield
    }
  return totals
}

/** Adds the value of a pair to the sums of all subsets that have both. */
function addPair(
  totals: Float64Array,
  value: number,
  ofA: readonly Membership[],
  i: number,
  ofB: readonly Membership[],
  j: number,
): void {
  for (let s = 0; s < totals.length; s++) if (ofA[s]?.[i] && ofB[s]?.[j]) totals[s] = (totals[s] ?? 0) + value
}

function kernel(a: Features, i: number, b: Features, j: number): number {
  const { dimensions } = a
  let product = 0
  for (let k = 0; k < dimensions; k++)
    product += (a.values[i * dimensions + k] ?? NaN) * (b.values[j * dimensions + k] ?? NaN)
  return (product / dimensions + 1) ** 3
}
