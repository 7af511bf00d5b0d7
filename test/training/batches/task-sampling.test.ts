import { describe, expect, it } from 'vitest'
import { hostRandom } from '../../../src/random.js'
import { sampleFrameGroup, sampleTask } from '../../../src/training/batches/task-sampling.js'

const SIZES: readonly (readonly [T: number, K: number])[] = [[1, 1], [2, 5], [5, 5], [7, 20], [20, 5], [100, 20], [1000, 20]] // prettier-ignore

describe.each(SIZES)('a window of %i frames, at most %i seen', (T, maxFrames) => {
  const draws = Array.from({ length: 300 }, (_, i) => hostRandom('test', T, maxFrames, i))

  it('groups are different frames of the window, evenly spaced to within a frame', () => {
    for (const random of draws) {
      const group = sampleFrameGroup(random, T, maxFrames)
      expect(group.length).toBeGreaterThanOrEqual(1)
      expect(group.length).toBeLessThanOrEqual(maxFrames)
      expect(group.every((frame) => Number.isInteger(frame) && frame >= 0 && frame < T)).toBe(true)
      const gaps = group.slice(1).map((frame, i) => frame - (group[i] ?? NaN))
      expect(gaps.every((gap) => gap >= 1 && gap <= Math.min(...gaps) + 1)).toBe(true)
    }
  })

  it('tasks have a latent frame, no frame twice, and fit', () => {
    for (const random of draws) {
      const { observed, latent } = sampleTask(random, T, maxFrames)
      const all = [...observed, ...latent]
      expect(latent.length).toBeGreaterThan(0)
      expect(new Set(all).size).toBe(all.length)
      expect(all.length).toBeLessThanOrEqual(Math.min(T, maxFrames))
      expect(all.every((frame) => frame >= 0 && frame < T)).toBe(true)
      for (const frames of [observed, latent]) expect(frames).toEqual([...frames].sort((a, b) => a - b))
    }
  })
})

describe('the distribution of tasks', () => {
  it('has groups of every size equally often, and spacings that are log-uniform', () => {
    const [T, K, draws] = [1000, 4, 8000]
    const groups = Array.from({ length: draws }, (_, i) => sampleFrameGroup(hostRandom('d', i), T, K))
    for (let n = 1; n <= K; n++) {
      const share = groups.filter((group) => group.length === n).length / draws
      // Four standard deviations of a share of 1/4.
      expect(Math.abs(share - 1 / K)).toBeLessThan(4 * Math.sqrt(0.1875 / draws))
    }
    // Of two frames, half are closer than the geometric mean of 1 and T / (2 - 0.999).
    const gaps = groups.filter((group) => group.length === 2).map(([a, b]) => (b ?? NaN) - (a ?? NaN))
    const close = gaps.filter((gap) => gap < Math.sqrt(T / 1.001)).length / gaps.length
    expect(Math.abs(close - 0.5)).toBeLessThan(0.06)
  })

  it('is that of an independent simulation in another language (40000 tasks of 20 in 100 frames)', () => {
    const tasks = Array.from({ length: 4000 }, (_, i) => sampleTask(hostRandom('t', i), 100, 20))
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
    // Four to five standard errors of 4000 tasks each.
    expect(Math.abs(mean(tasks.map(({ observed }) => (observed.length ? 0 : 1))) - 0.685)).toBeLessThan(0.03)
    expect(Math.abs(mean(tasks.map(({ observed }) => observed.length)) - 2.37)).toBeLessThan(0.3)
    expect(Math.abs(mean(tasks.map(({ latent }) => latent.length)) - 12.75)).toBeLessThan(0.4)
  })
})
