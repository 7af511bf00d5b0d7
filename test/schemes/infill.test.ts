import { expect, test } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { frameRanges } from '../../src/schemes/frame-ranges.js'
import { infill } from '../../src/schemes/infill.js'
import { planVideo } from '../../src/schemes/plan.js'
import { range } from '../../src/schemes/range.js'
import type { SchemeSettings } from '../../src/schemes/types.js'

/** What a stage conditions on, as the rule has it: first the nearest done frames on both sides, then the next, .. */
function nearest(latent: readonly number[], done: readonly number[], places: number): number[] {
  const sides = latent.map((frame) => [
    done.filter((other) => other < frame).reverse(),
    done.filter((other) => other > frame),
  ])
  const inOrder = range(done.length).flatMap((round) =>
    sides.flatMap((both) => both.map((side) => side[round])),
  )
  const different = [...new Set(inOrder.filter((frame) => frame !== undefined))]
  return different.slice(0, places).sort((a, b) => a - b)
}

/** Frames of which each is given with a probability, at least one and not all. */
function givenOf(N: number, random: ReturnType<typeof hostRandom>): number[] {
  const share = random.uniform()
  const given = range(N).filter(() => random.uniform() < share)
  if (given.length === 0) return [random.integer(0, N)]
  return given.length === N ? given.slice(0, -1) : given
}

test('conditions on the nearest frames, on both sides of each, whatever the settings', () => {
  const random = hostRandom('infill')
  for (let run = 0; run < 150; run++) {
    const N = random.integer(2, 40)
    const K = random.integer(3, 45)
    const settings: SchemeSettings = {
      videoLength: N,
      observed: givenOf(N, random),
      maxFrames: K,
      stepSize: random.integer(1, Math.min(K - 1, 12) + 1),
    }
    let done = settings.observed as readonly number[]
    for (const { observed, latent } of planVideo(infill, settings)) {
      expect(observed).toEqual(nearest(latent, done, K - latent.length))
      const sides = latent.flatMap((frame) => [
        done.findLast((other) => other < frame),
        done.find((other) => other > frame),
      ])
      const neighbours = new Set(sides.filter((frame) => frame !== undefined))
      if (latent.length > 1) expect(latent.length + neighbours.size).toBeLessThanOrEqual(K)
      done = [...done, ...latent].sort((a, b) => a - b)
    }
  }
})

test('frames are printed as ranges, in whatever order they come', () => {
  expect(frameRanges([0, 1, 2, 5, 7, 8])).toBe('0-2,5,7-8')
  expect(frameRanges([8, 2, 7, 1, 0, 5, 2])).toBe('0-2,5,7-8')
  expect(frameRanges([])).toBe('')
})
