import { beforeAll, describe, expect, test } from 'vitest'
import { exactBits } from '../../../src/exact-bits.js'
import { hostRandom, type HostRandom } from '../../../src/random.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf, type Tensor2D } from '../../../src/runtime/tf.js'
import { deviceComparer } from '../../../src/sampling/features/device-comparer.js'
import type { FrameFeatures } from '../../../src/sampling/features/frame-features.js'
import { pixelFeatures } from '../../../src/sampling/features/pixel-features.js'
import { trueStages } from '../../../src/sampling/features/true-stages.js'
import { range } from '../../../src/schemes/range.js'
import { samplingSchemes } from '../../../src/schemes/registry.js'
import { squaredDistance } from '../../../src/squared-distance.js'
import { countHandles } from '../../helpers/count-handles.js'
import { ownBinding } from '../../helpers/own-binding.js'

const D = 500
const toRows = (vectors: readonly Float32Array[]): Tensor2D => tf.tensor2d(vectors.map((row) => [...row]))
const someVector = (random: HostRandom) => Float32Array.from({ length: D }, () => random.uniform() - 0.5)

/** Distances of all pairs, of vectors that come in groups of so many. */
function compared(vectors: readonly Float32Array[], group: number): number[][] {
  const N = vectors.length
  const all = range(N).map(() => new Array<number>(N).fill(NaN))
  const comparer = deviceComparer(toRows)
  for (let start = 0; start < N; start += group) {
    const fresh = vectors.slice(start, start + group)
    const end = start + fresh.length
    const found = comparer.add(fresh, [1, 1, D])
    expect(found).toHaveLength(fresh.length * end)
    for (let i = start; i < end; i++)
      for (let j = 0; j < end; j++) {
        const distance = found[(i - start) * end + j] ?? NaN
        const [row = [], other = []] = [all[i], all[j]]
        row[j] = distance
        other[i] = distance
      }
  }
  comparer.dispose()
  return all
}

const onHost = (vectors: readonly Float32Array[]) =>
  vectors.map((a) => vectors.map((b) => squaredDistance(a, b)))

describe.runIf(ownBinding)('frames compared on the device', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  test('have the distances that the host finds', () => {
    const random = hostRandom('device-comparer')
    const vectors = range(23).map(() => someVector(random))
    const expected = onHost(vectors)
    for (const [i, row] of compared(vectors, 5).entries())
      for (const [j, distance] of row.entries()) {
        const host = expected[i]?.[j] ?? NaN
        if (i !== j) expect(Math.abs(distance - host)).toBeLessThan(1e-9 * host)
      }
  })

  test.each([1e-1, 1e-2, 1e-3, 1e-6])(
    'also of nearly equal frames, to what float64 holds: %f apart',
    (apart) => {
      const random = hostRandom('nearly equal')
      const first = someVector(random)
      const others = range(9).map(() => first.map((value) => value + apart * (random.uniform() - 0.5)))
      const vectors = [first, ...others]
      const expected = onHost(vectors)
      const most = 4 * D * 2 ** -53 * Math.max(...vectors.map((vector) => squaredDistance(vector, new Float32Array(D)))) // prettier-ignore
      for (const [i, row] of compared(vectors, 3).entries())
        for (const [j, distance] of row.entries()) {
          const host = expected[i]?.[j] ?? NaN
          expect(distance).toBeGreaterThanOrEqual(0)
          expect(Math.abs(distance - host)).toBeLessThan(most)
          // Below that, the bound is larger.
          if (i !== j && apart >= 1e-2) expect(Math.abs(distance - host)).toBeLessThan(1e-9 * host)
        }
    },
  )

  test('are equal to the last bit if vectors are rounded for that, however they come', () => {
    const random = hostRandom('exactly equal')
    const [a, b, c] = [someVector(random), someVector(random), someVector(random)]
    // Nearly equal ones and equal ones among them.
    const given = [
      a,
      b,
      c,
      a,
      a.map((value) => value + 1e-6),
      b,
      c,
      c,
      a,
      ...range(20).map(() => someVector(random)),
    ]
    const bits = exactBits(D / 4)
    const vectors = given.map((vector) => vector.map((value) => Math.round(value * 2 ** bits) / 2 ** bits))
    const expected = onHost(vectors)
    for (const group of [1, 4, 10, 29]) expect(compared(vectors, group)).toEqual(expected)
    const [first = []] = expected
    expect([first[0], first[3], first[8]]).toEqual([0, 0, 0])
    expect(first[4]).toBeGreaterThan(0)
    expect(new Set([first[2], first[6], first[7]]).size).toBe(1)
  })

  test('have no distances if their vectors are not numbers', () => {
    const [[, one, other] = []] = compared(
      [1, 2, NaN].map((value) => new Float32Array(D).fill(value)),
      2,
    )
    expect([one, other]).toEqual([D, NaN])
  })

  test.each(Object.values(samplingSchemes).filter(({ adaptive }) => adaptive))(
    '$name chooses the same stages, and nothing is left behind',
    (scheme) => {
      const random = hostRandom('toy video')
      const [T, size] = [60, 8]
      const data = Uint8Array.from({ length: T * size * size * 3 }, () => random.integer(0, 256))
      const film = { shape: [T, size, size, 3] as const, data }
      const settings = { videoLength: T, observed: 4, maxFrames: 8, stepSize: 3 }
      const features: FrameFeatures = {
        embed: () => expect.fail('embedded on the host'),
        comparer: () => deviceComparer((frames, shape) => toRows(pixelFeatures.embed(frames, shape))),
      }
      const tensors = tf.memory().numTensors
      const handles = countHandles()
      const stages = trueStages(scheme, settings, film, features)
      expect(handles.count()).toBe(0)
      handles.stop()
      expect(tf.memory().numTensors).toBe(tensors)
      expect(stages).toEqual(trueStages(scheme, settings, film, pixelFeatures))
    },
  )

  test('are freed if making vectors fails', () => {
    const handles = countHandles()
    let calls = 0
    const comparer = deviceComparer((frames) => {
      if (++calls === 2) throw new Error('out of memory')
      return toRows(frames)
    })
    const pair = [new Float32Array(D).fill(1), new Float32Array(D)]
    comparer.add(pair, [1, 1, D])
    expect(() => comparer.add(pair, [1, 1, D])).toThrow('out of memory')
    comparer.dispose()
    expect(handles.count()).toBe(0)
    handles.stop()
  })
})
