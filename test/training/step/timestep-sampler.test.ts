import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { hostRandom } from '../../../src/random.js'
import { timestepSampler } from '../../../src/training/step/timestep-sampler.js'

const generators = (n: number) => Array.from({ length: n }, (_, i) => hostRandom('steps', i))

function shares(timesteps: readonly number[], numTimesteps: number): readonly number[] {
  return Array.from(
    { length: numTimesteps },
    (_, t) => timesteps.filter((value) => value === t).length / timesteps.length,
  )
}

describe('uniform', () => {
  it('draws every step equally often, with weight 1', () => {
    const { timesteps, weights } = timestepSampler('uniform', 5).sample(generators(5000))
    for (const share of shares(timesteps, 5)) expect(share).toBeCloseTo(0.2, 1)
    expect(new Set(weights)).toEqual(new Set([1]))
  })
})

describe('loss-second-moment', () => {
  const warm = (...rms: readonly number[]) => {
    const sampler = timestepSampler('loss-second-moment', rms.length)
    for (let i = 0; i < 12; i++) sampler.update([...rms.keys()], i < 2 ? rms.map(() => 1e6) : [...rms])
    return sampler
  }

  it('is uniform until every step has ten losses', () => {
    const sampler = timestepSampler('loss-second-moment', 2)
    for (let i = 0; i < 10; i++) sampler.update([0], [100])
    for (let i = 0; i < 9; i++) sampler.update([1], [1])
    expect(new Set(sampler.sample(generators(100)).weights)).toEqual(new Set([1]))
    sampler.update([1], [1])
    expect(new Set(sampler.sample(generators(1000)).weights).size).toBe(2)
  })

  it('draws in proportion to the root mean square of the last ten losses, older ones forgotten', () => {
    const { timesteps } = warm(1, 3, 0, 4).sample(generators(8000))
    const expected = [1, 3, 0, 4].map((rms) => (rms / 8) * 0.999 + 0.001 / 4)
    shares(timesteps, 4).forEach((share, t) => {
      expect(Math.abs(share - (expected[t] ?? NaN))).toBeLessThan(0.025)
    })
  })

  it('weighs by 1 / (N p), so that the expected loss is that of uniform steps', () => {
    const { timesteps, weights } = warm(1, 3).sample(generators(100))
    const p = [0.25 * 0.999 + 0.0005, 0.75 * 0.999 + 0.0005]
    timesteps.forEach((t, i) => expect(weights[i]).toBeCloseTo(1 / (2 * (p[t] ?? NaN)), 12))
  })

  it('goes on from a saved state', () => {
    const sampler = warm(1, 3, 2)
    const resumed = timestepSampler('loss-second-moment', 3, sampler.state())
    expect(resumed.sample(generators(50))).toEqual(sampler.sample(generators(50)))
    expect(() => timestepSampler('loss-second-moment', 4, sampler.state())).toThrow(UserError)
  })
})
