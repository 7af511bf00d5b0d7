import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { checkedStages } from '../../src/schemes/plan.js'
import { samplingSchemes } from '../../src/schemes/registry.js'
import type { FrameDistances, SamplingScheme, SchemeSettings } from '../../src/schemes/types.js'
import { squaredDistance } from '../../src/squared-distance.js'
import { GOLDEN } from '../helpers/golden.js'

/** Frames of one stage: of the one plan, or, where a scheme looks at frames, of each video. */
type GoldenStage = readonly [
  observed: readonly number[] | readonly number[][],
  latent: readonly number[] | readonly number[][],
]

interface GoldenPlan {
  readonly scheme: string
  readonly video_length: number
  readonly num_obs: number
  readonly max_frames: number
  readonly step_size: number
  readonly steps: readonly GoldenStage[] | { readonly reference_error: string }
}

const plans = JSON.parse(readFileSync(path.join(GOLDEN, 'schemes/schemes.json'), 'utf8')) as GoldenPlan[]

const cases = plans.map((plan) => ({
  title: `${plan.scheme} T=${plan.video_length} n_obs=${plan.num_obs} ${plan.max_frames}/${plan.step_size}`,
  plan,
  settings: {
    videoLength: plan.video_length,
    observed: plan.num_obs,
    maxFrames: plan.max_frames,
    stepSize: plan.step_size,
  },
}))

test.each(cases)('$title', ({ plan, settings }) => {
  const scheme = samplingSchemes[plan.scheme]
  if (!scheme) throw new Error(`there is no scheme ${plan.scheme}`)
  if (!isPlanned(plan.steps)) {
    // Here the original fails: a valid plan, or an error that says what to change.
    for (const video of [0, 1]) expect(planOrUserError(scheme, settings, video)).toMatch(/^(plan|error)/)
    return
  }
  const videos = videosOf(plan.steps, scheme)
  expect(videos).not.toHaveLength(0)
  for (const [video, expected] of videos.entries())
    expect(stagesOf(scheme, settings, video)).toEqual(expected)
})

test('there are plans to check', () => {
  expect(cases).not.toHaveLength(0)
})

const isPlanned = (steps: GoldenPlan['steps']): steps is readonly GoldenStage[] => Array.isArray(steps)

/** The stages of each video. */
function videosOf(steps: readonly GoldenStage[], { adaptive }: SamplingScheme): GoldenStage[][] {
  if (!adaptive) return [[...steps]]
  const count = steps[0]?.[1].length ?? 0
  return Array.from({ length: count }, (_, video) =>
    steps.map(([observed, latent]) => [observed[video] as number[], latent[video] as number[]] as const),
  )
}

/** Checked as `sampleVideo` does it: a fault of the scheme throws something other than a `UserError`. */
function stagesOf(scheme: SamplingScheme, settings: SchemeSettings, video: number) {
  const stages = scheme.stages(settings, madeDistances(settings.videoLength, video))
  return [...checkedStages(scheme.name, settings, stages)].map(({ observed, latent }) => [observed, latent])
}

function planOrUserError(scheme: SamplingScheme, settings: SchemeSettings, video: number): string {
  try {
    return `plan of ${stagesOf(scheme, settings, video).length}`
  } catch (error) {
    if (error instanceof UserError) return `error: ${error.message}`
    throw error
  }
}

/** Frame i of video b is row (i + 5 b) mod T of sin(0.37 f k) + 0.5 cos(0.11 f k^2), k = 1..12. */
function madeDistances(T: number, video: number): FrameDistances {
  const rows = Array.from({ length: T }, (_, frame) => {
    const f = (frame + 5 * video) % T
    return Float32Array.from({ length: 12 }, (_, i) => {
      const k = i + 1
      return Math.sin(0.37 * f * k) + 0.5 * Math.cos(0.11 * f * k ** 2)
    })
  })
  return { from: (frame) => Float64Array.from(rows, (row) => squaredDistance(rows[frame] ?? row, row)) }
}
