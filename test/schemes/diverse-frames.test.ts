import { expect, test } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { diverseFrames } from '../../src/schemes/diverse-frames.js'
import { range } from '../../src/schemes/range.js'

/** Frames that look like numbers on a line. */
const line = (positions: readonly number[]) => ({
  from: (frame: number) => Float64Array.from(positions, (at) => (at - (positions[frame] ?? NaN)) ** 2),
})

test('the next frame is the one least like all that are chosen', () => {
  const choose = diverseFrames(line([0, 1, 2, 10, 11, 30]))
  expect(choose([0], range(6), 4)).toEqual([0, 5, 4, 2])
})

test('ties go to the first candidate, and so do repeats where nothing is left', () => {
  const choose = diverseFrames(line([0, 5, 5, -5]))
  expect(choose([0], [3, 2, 1, 0], 6)).toEqual([0, 3, 2, 3, 3, 3])
  expect(choose([0], [1, 2, 3, 0], 3)).toEqual([0, 1, 3])
})

test('frames that are chosen in any case are cut to the room there is', () => {
  expect(diverseFrames(line([0, 1, 2]))([2, 1, 0], range(3), 2)).toEqual([2, 1])
})

test('distances that are not numbers are an error, not a choice', () => {
  const choose = diverseFrames(line([0, 1, NaN, 3]))
  expect(() => choose([0], range(4), 2)).toThrow(/distances of frames are not numbers: .* damaged/)
  expect(choose([0], [0, 1, 3], 2)).toEqual([0, 3])
})

test('is the plain algorithm, which compares everything with everything', () => {
  const random = hostRandom('diverse')
  for (let trial = 0; trial < 200; trial++) {
    const N = random.integer(1, 40)
    const D = random.integer(1, 9)
    // Few levels, so that there are ties and frames that look alike.
    const looks = range(N).map(() => range(D).map(() => random.integer(0, 4)))
    const choose = diverseFrames({ from: (a) => Float64Array.from(looks, (look) => apart(looks[a], look)) })
    for (let stage = 0; stage < 3; stage++) {
      const fixed = range(random.integer(1, 4)).map(() => random.integer(0, N))
      const candidates = range(N).filter((frame) => frame === fixed[0] || random.uniform() < 0.7)
      const count = random.integer(1, 12)
      expect(choose(fixed, candidates, count)).toEqual(plain(looks, fixed, candidates, count))
    }
  }
})

function plain(
  looks: readonly (readonly number[])[],
  fixed: readonly number[],
  candidates: readonly number[],
  count: number,
): number[] {
  const chosen = fixed.slice(0, count)
  while (chosen.length < count) {
    const away = candidates.map((frame) =>
      Math.min(...chosen.map((other) => apart(looks[frame], looks[other]))),
    )
    chosen.push(candidates[away.indexOf(Math.max(...away))] ?? -1)
  }
  return chosen
}

function apart(a: readonly number[] = [], b: readonly number[] = []): number {
  return a.reduce((sum, value, i) => sum + (value - (b[i] ?? NaN)) ** 2, 0)
}
