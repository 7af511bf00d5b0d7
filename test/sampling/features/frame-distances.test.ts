import { describe, expect, test } from 'vitest'
import { hostRandom } from '../../../src/random.js'
import { frameDistances } from '../../../src/sampling/features/frame-distances.js'
import { range } from '../../../src/schemes/range.js'
import { squaredDistance } from '../../../src/squared-distance.js'

/** More than are compared at a time. */
const N = 100
const random = hostRandom('frame-distances')
const looks = range(N).map(() => Float32Array.from({ length: 5 }, () => random.uniform()))
const look = (frame: number) => looks[frame] ?? new Float32Array()
/** @param done which of them are done: it may grow */
const framesOf = (done: readonly number[], get = look) => ({
  numFrames: N,
  frameShape: [1, 1, get(0).length] as const,
  get,
  get numDone() {
    return done.length
  },
  doneFrames: () => done,
})
const allPairs = (from: readonly Float32Array[], against: readonly Float32Array[]) =>
  Float64Array.from(from.flatMap((a) => against.map((b) => squaredDistance(a, b))))

describe.each([
  { way: 'two by two', squaredDistances: undefined },
  { way: 'as they come', squaredDistances: allPairs },
])('distances of frames compared $way', ({ squaredDistances }) => {
  const start = () => {
    const done: number[] = []
    const embedded: number[] = []
    const embed = (vectors: readonly Float32Array[]) => {
      embedded.push(vectors.length)
      return vectors
    }
    return { done, embedded, distances: frameDistances(framesOf(done), { embed, squaredDistances }) }
  }

  test('are those of their features, whatever the order in which they come', () => {
    const { done, embedded, distances } = start()
    done.push(7, 3)
    expect(distances.from(3)[7]).toBe(squaredDistance(look(3), look(7)))
    for (const group of [[4], range(50, N), range(50)])
      done.push(...group.filter((frame) => !done.includes(frame)).reverse())
    for (const a of range(N))
      expect([...distances.from(a)]).toEqual(range(N).map((b) => squaredDistance(look(a), look(b))))
    expect(embedded).toEqual([2, N - 2])
  })

  test('frames that come later are added to the rows of those before', () => {
    const { done, embedded, distances } = start()
    for (let t = 0; t < 9; t += 3) {
      done.push(t, t + 1, t + 2)
      for (const a of [0, t + 1])
        expect([...distances.from(a).slice(0, t + 3)]).toEqual(
          range(t + 3).map((b) => squaredDistance(look(a), look(b))),
        )
    }
    expect(embedded).toEqual([3, 3, 3])
  })

  test('a frame that is not done has none', () => {
    const { done, distances } = start()
    done.push(0)
    expect(() => distances.from(1)).toThrow('frame 1 has no features: it is not done')
  })
})

test('a pair is compared once, whichever of the two is asked for', () => {
  const vectors = [Float32Array.of(1, 2), Float32Array.of(4, 6)]
  const frames = {
    numFrames: 2,
    frameShape: [1, 1, 2] as const,
    get: (frame: number) => vectors[frame] ?? new Float32Array(),
    numDone: 2,
    doneFrames: () => [0, 1],
  }
  const distances = frameDistances(frames, { embed: (features) => features })
  expect([...distances.from(0)]).toEqual([0, 25])
  vectors[0]?.fill(NaN)
  expect([...distances.from(0)]).toEqual([0, 25])
  expect([...distances.from(1)]).toEqual([25, 0])
})

test('a comparer gets new frames in groups, and none once it is disposed of', () => {
  const done = range(3)
  const groups: number[] = []
  let [made, disposed] = [0, 0]
  const features = {
    embed: () => expect.fail('there is a comparer'),
    squaredDistances: () => expect.fail('there is a comparer'),
    comparer() {
      made++
      const all: Float32Array[] = []
      return {
        add(fresh: readonly Float32Array[]) {
          groups.push(fresh.length)
          all.push(...fresh)
          return allPairs(fresh, all)
        },
        dispose: () => disposed++,
      }
    },
  }
  const distances = frameDistances(framesOf(done), features)
  expect(made).toBe(0)
  distances.from(1)
  done.push(...range(3, N - 1).reverse())
  for (const a of done)
    expect([...distances.from(a).subarray(0, N - 1)]).toEqual(
      range(N - 1).map((b) => squaredDistance(look(a), look(b))),
    )
  expect(groups).toEqual([3, 40, 40, 16])
  distances.dispose()
  distances.dispose()
  expect([made, disposed]).toEqual([1, 1])
  expect(distances.from(0)[5]).toBe(squaredDistance(look(0), look(5)))
  done.push(N - 1)
  expect(() => distances.from(0)).toThrow('not compared any more')
})

test('what is compared as it comes is not compared again', () => {
  const done = range(3)
  const frames = framesOf(done, (frame) => Float32Array.of(frame))
  // No distances of the vectors: those that are computed elsewhere show.
  const squaredDistances = (from: readonly Float32Array[], against: readonly Float32Array[]) =>
    Float64Array.from(from.flatMap(([a = NaN]) => against.map(([b = NaN]) => 1e6 + a * b)))
  const distances = frameDistances(frames, { embed: (features) => features, squaredDistances })
  distances.from(1)
  done.push(...range(3, N))
  for (const a of range(N)) expect([...distances.from(a)]).toEqual(range(N).map((b) => 1e6 + a * b))
})

test.each(['as they come', 'by a comparer'])(
  'what could not be compared %s is, when asked for again',
  (way) => {
    const done = range(3)
    let isBroken = false
    const compare = (fresh: readonly Float32Array[], all: readonly Float32Array[]) => {
      if (isBroken && all.length > 45) throw new Error('out of memory')
      return allPairs(fresh, all)
    }
    const seen: Float32Array[] = []
    const comparer = {
      add(fresh: readonly Float32Array[]) {
        const found = compare(fresh, [...seen, ...fresh])
        seen.push(...fresh)
        return found
      },
      dispose: () => undefined,
    }
    const distances = frameDistances(framesOf(done), {
      embed: (features) => features,
      ...(way === 'by a comparer' ? { comparer: () => comparer } : { squaredDistances: compare }),
    })
    distances.from(1)
    done.push(...range(3, N))
    isBroken = true
    expect(() => distances.from(0)).toThrow('out of memory')
    expect(() => distances.from(N - 1)).toThrow('out of memory')
    isBroken = false
    for (const a of [0, 1, 20, N - 1])
      expect([...distances.from(a)]).toEqual(range(N).map((b) => squaredDistance(look(a), look(b))))
  },
)
