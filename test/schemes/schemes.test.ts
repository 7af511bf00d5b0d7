import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { hostRandom, type HostRandom } from '../../src/random.js'
import { range } from '../../src/schemes/range.js'
import { findScheme, samplingSchemes } from '../../src/schemes/registry.js'
import type { FrameDistances, SamplingScheme, SchemeSettings, Stage } from '../../src/schemes/types.js'
import { squaredDistance } from '../../src/squared-distance.js'

const settings = (
  videoLength: number,
  observed: SchemeSettings['observed'],
  maxFrames: number,
  stepSize: number,
): SchemeSettings => ({ videoLength, observed, maxFrames, stepSize })

const isHierarchy = ({ name }: SamplingScheme) => name.includes('hierarchy')

describe.each(Object.values(samplingSchemes))('$name', (scheme) => {
  test('gives a valid plan or a clear error for any settings', () => {
    const random = hostRandom('schemes', scheme.name)
    let planned = 0
    for (let trial = 0; trial < 1000; trial++) {
      const N = random.integer(1, 80)
      const K = random.integer(1, 24)
      const most = isHierarchy(scheme) ? Math.max(K, N) + 6 : K
      const tried = settings(N, random.integer(0, N + 2), K, random.integer(0, most + 2))
      const stages = planOrError(scheme, tried, random)
      if (stages instanceof UserError) expect(stages.message).not.toContain('\n')
      else {
        expect({ tried, faults: faults(stages, tried) }).toEqual({ tried, faults: [] })
        planned++
      }
    }
    expect(planned).toBeGreaterThan(500)
  })

  test('plans whatever leaves room for two frames around the new ones', () => {
    const random = hostRandom('roomy', scheme.name)
    for (let trial = 0; trial < 300; trial++) {
      const K = random.integer(5, 40)
      const N = random.integer(2, trial < 290 ? 120 : 500)
      const tried = settings(N, random.integer(0, N), K, random.integer(isHierarchy(scheme) ? 2 : 1, K - 1))
      expect({ tried, faults: faults(stagesOf(scheme, tried, random), tried) }).toEqual({ tried, faults: [] })
    }
  })

  test('samples a video without observed frames in one stage if it fits the window', () => {
    expect(stagesOf(scheme, settings(12, 0, 16, 16), hostRandom('one'))).toEqual([
      { observed: [], latent: range(12) },
    ])
  })

  test('says before the first stage what is wrong', () => {
    const wrong: readonly [SchemeSettings, RegExp][] = [
      [settings(50, 10, 20, 0), /max_latent_frames.* at least 1, not 0/],
      [settings(50, 10, 0, 1), /max_frames.* at least 1/],
      [settings(50, 51, 20, 10), /n_obs = 51.* T = 50/],
      [settings(50, 50, 20, 10), /nothing to sample/],
      [settings(50, range(50), 20, 10), /nothing to sample/],
      [settings(50, -1, 20, 10), /n_obs.* not -1/],
      [settings(1e9, 1, 20, 10), /of up to 16777216 frames \(T\), not 1000000000/],
      [settings(50, [0, 50], 20, 10), /frame 50 cannot be observed.* 0 to 49/],
      [settings(50, [3, 2], 20, 10), /ascending/],
      [settings(50, [3, 3], 20, 10), /ascending/],
      [settings(50.5, 1, 20, 10), /not 50.5/],
      [settings(NaN, 1, 20, 10), /not NaN/],
    ]
    const distances = someDistances(50, hostRandom('wrong'))
    for (const [tried, message] of wrong) {
      expect(() => scheme.stages(tried, distances)).toThrow(message)
      expect(() => scheme.stages(tried, distances)).toThrow(UserError)
    }
  })

  test('starts from the first frames, or from any', () => {
    const distances = someDistances(50, hostRandom('any'))
    const some = settings(50, [0, 20, 49], 20, 10)
    if (scheme.name === 'infill') expect(faults([...scheme.stages(some)], some)).toEqual([])
    else expect(() => scheme.stages(some, distances)).toThrow(/infill takes any/)
    const first = [...scheme.stages(settings(50, 7, 20, 10), distances)]
    expect([...scheme.stages(settings(50, range(7), 20, 10), distances)]).toEqual(first)
  })
})

test.each(Object.values(samplingSchemes))('$name, told to sample K frames per stage, or more', (scheme) => {
  for (const observed of [0, 10])
    for (const [stepSize, message] of [
      [20, /no room/],
      [21, /at most max_frames = 20 .* not max_latent_frames = 21/],
      [1e9, /at most max_frames = 20/],
    ] as const) {
      const tried = settings(50, observed, 20, stepSize)
      const plan = () => stagesOf(scheme, tried, hostRandom('full'))
      if (isHierarchy(scheme)) expect(faults(plan(), tried)).toEqual([])
      else expect(plan).toThrow(message)
    }
})

/** Stages of the original program. */
test.each<[string, SchemeSettings, readonly Stage[]]>([
  ['autoreg', settings(7, 2, 35, 35), [{ observed: [0, 1], latent: [2, 3, 4, 5, 6] }]],
  ['autoreg', settings(5, 3, 5, 5), [{ observed: [0, 1, 2], latent: [3, 4] }]],
  ['long-range', settings(7, 2, 35, 35), [{ observed: [0, 1], latent: [2, 3, 4, 5, 6] }]],
  ['long-range', settings(4, 2, 5, 4), [{ observed: [0, 1], latent: [2, 3] }]],
  ['long-range', settings(5, 3, 5, 4), [{ observed: [0, 1, 2], latent: [3, 4] }]],
  ['adaptive-autoreg', settings(7, 4, 4, 4), [{ observed: [3], latent: [4, 5, 6] }]],
  [
    'adaptive-autoreg',
    settings(7, 0, 5, 5),
    [
      { observed: [], latent: range(5) },
      { observed: [4], latent: [5, 6] },
    ],
  ],
  ['hierarchy-2', settings(2, 0, 2, 2), [{ observed: [], latent: [0, 1] }]],
  ['hierarchy-4', settings(12, 0, 12, 1), [{ observed: [], latent: range(12) }]],
  ['adaptive-hierarchy-3', settings(3, 0, 3, 1), [{ observed: [], latent: range(3) }]],
])('%s plans %o, where little is left to sample', (name, tried, stages) => {
  expect(stagesOf(findScheme(name), tried, hostRandom('little'))).toEqual(stages)
})

test.each(['autoreg', 'long-range', 'adaptive-autoreg'])(
  '%s refuses K frames per stage where one more is left',
  (name) => {
    const fits = name === 'adaptive-autoreg' ? settings(12, 4, 9, 9) : settings(9, 4, 9, 9)
    expect(faults(stagesOf(findScheme(name), fits, hostRandom('fits')), fits)).toEqual([])
    const more = { ...fits, videoLength: fits.videoLength + 1 }
    expect(() => stagesOf(findScheme(name), more, hostRandom('fits'))).toThrow(/no room/)
  },
)

test.each(Object.values(samplingSchemes).filter(isHierarchy))(
  '$name needs two frames to spread, and room',
  (scheme) => {
    const distances = someDistances(9, hostRandom('sides'))
    for (const [tried, message] of [
      [settings(9, 2, 3, 2), /max_frames = 3 must be at least 4/],
      [settings(9, 2, 4, 1), /max_latent_frames = 1 must be at least 2 \(autoreg/],
      [settings(9, 0, 4, 1), /max_latent_frames = 1/],
    ] as const)
      expect(() => scheme.stages(tried, distances)).toThrow(message)
    const enough = settings(9, 2, 4, 2)
    expect(faults([...scheme.stages(enough, distances)], enough)).toEqual([])
  },
)

function planOrError(
  scheme: SamplingScheme,
  tried: SchemeSettings,
  random: HostRandom,
): readonly Stage[] | UserError {
  try {
    return stagesOf(scheme, tried, random)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

/** All stages, for videos whose frames look like anything; some look exactly alike. */
function stagesOf(scheme: SamplingScheme, tried: SchemeSettings, random: HostRandom): Stage[] {
  return [...scheme.stages(tried, someDistances(tried.videoLength, random))]
}

function someDistances(length: number, random: HostRandom): FrameDistances {
  const looks = Array.from({ length: Math.max(1, length) }, () =>
    Float32Array.from({ length: 3 }, () => random.integer(0, 6)),
  )
  return { from: (frame) => Float64Array.from(looks, (look) => squaredDistance(looks[frame] ?? look, look)) }
}

/** The rules once more, in other words than the program's own check. */
function faults(
  stages: readonly Stage[],
  { videoLength, observed: given, maxFrames }: SchemeSettings,
): readonly string[] {
  const sampledAt = new Map<number, number>()
  for (const frame of typeof given === 'number' ? range(given) : given) sampledAt.set(frame, -1)
  const unconditional = sampledAt.size === 0
  const found: string[] = []
  for (const [i, { observed, latent }] of stages.entries()) {
    if (observed.length + latent.length > maxFrames) found.push(`stage ${i} is too large`)
    if (latent.length === 0) found.push(`stage ${i} samples nothing`)
    if (observed.length === 0 && !(i === 0 && unconditional)) found.push(`stage ${i} sees nothing`)
    for (const frame of observed)
      if ((sampledAt.get(frame) ?? Infinity) >= i) found.push(`stage ${i} sees ${frame} too early`)
    for (const frame of latent) {
      if (sampledAt.has(frame)) found.push(`stage ${i} samples ${frame} again`)
      sampledAt.set(frame, i)
    }
  }
  const inside = range(videoLength).filter((frame) => sampledAt.has(frame)).length
  if (inside !== videoLength || sampledAt.size !== inside) found.push(`${sampledAt.size} frames in the end`)
  return found
}
