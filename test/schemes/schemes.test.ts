import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { hostRandom } from '../../src/random.js'
import { planVideo } from '../../src/schemes/plan.js'
import { samplingSchemes } from '../../src/schemes/registry.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../../src/schemes/types.js'

const settings = (
  videoLength: number,
  numObserved: number,
  maxFrames: number,
  stepSize: number,
): SchemeSettings => ({ videoLength, numObserved, maxFrames, stepSize })

describe.each(Object.values(samplingSchemes).filter(({ adaptive }) => !adaptive))('$name', (scheme) => {
  test('gives a valid plan or a clear error for any settings', () => {
    const random = hostRandom('schemes', scheme.name)
    let planned = 0
    for (let trial = 0; trial < 1000; trial++) {
      const N = random.integer(1, 80)
      const K = random.integer(1, 24)
      const tried = settings(N, random.integer(0, N + 2), K, random.integer(0, K + 2))
      const stages = planOrError(scheme, tried)
      if (stages instanceof UserError) expect(stages.message).not.toContain('\n')
      else {
        expectValid(stages, tried)
        planned++
      }
    }
    expect(planned).toBeGreaterThan(500)
  })

  test('plans whatever leaves room for two frames around the new ones', () => {
    const random = hostRandom('roomy', scheme.name)
    for (let trial = 0; trial < 300; trial++) {
      const K = random.integer(4, 24)
      const N = random.integer(2, 120)
      const tried = settings(N, random.integer(0, N), K, random.integer(1, K - 1))
      expectValid(planVideo(scheme, tried), tried)
    }
  })

  test('samples a video without observed frames in one stage if it fits the window', () => {
    expect(planVideo(scheme, settings(12, 0, 16, 16))).toEqual([
      { observed: [], latent: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
    ])
  })

  test('says before the first stage what is wrong', () => {
    const wrong: readonly [SchemeSettings, RegExp][] = [
      [settings(50, 10, 20, 0), /max_latent_frames.* at least 1, not 0/],
      [settings(50, 10, 20, 21), /max_latent_frames = 21/],
      [settings(50, 10, 20, 20), /no room/],
      [settings(50, 0, 20, 20), /no room/],
      [settings(50, 10, 0, 1), /max_frames.* at least 1/],
      [settings(50, 51, 20, 10), /n_obs = 51.* T = 50/],
      [settings(50, 50, 20, 10), /nothing to sample/],
      [settings(50, -1, 20, 10), /n_obs.* not -1/],
      [settings(50.5, 1, 20, 10), /not 50.5/],
      [settings(NaN, 1, 20, 10), /not NaN/],
    ]
    for (const [tried, message] of wrong) {
      expect(() => scheme.stages(tried)).toThrow(message)
      expect(() => scheme.stages(tried)).toThrow(UserError)
    }
  })
})

function planOrError(scheme: SamplingScheme, tried: SchemeSettings): readonly Stage[] | UserError {
  try {
    return [...scheme.stages(tried)]
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

/** The rules once more, in other words than the program's own check. */
function expectValid(
  stages: readonly Stage[],
  { videoLength, numObserved, maxFrames }: SchemeSettings,
): void {
  const sampledAt = new Map<number, number>()
  for (let frame = 0; frame < numObserved; frame++) sampledAt.set(frame, -1)
  for (const [i, { observed, latent }] of stages.entries()) {
    expect(observed.length + latent.length).toBeLessThanOrEqual(maxFrames)
    expect(observed.length > 0 || (i === 0 && numObserved === 0)).toBe(true)
    expect(observed.every((frame) => (sampledAt.get(frame) ?? Infinity) < i)).toBe(true)
    for (const frame of latent) {
      expect(sampledAt.has(frame)).toBe(false)
      sampledAt.set(frame, i)
    }
  }
  expect([...sampledAt.keys()].sort((a, b) => a - b)).toEqual(
    Array.from({ length: videoLength }, (_, i) => i),
  )
}
