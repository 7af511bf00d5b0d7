import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { planVideo } from '../../src/schemes/plan.js'
import { samplingSchemes } from '../../src/schemes/registry.js'
import type { SamplingScheme } from '../../src/schemes/types.js'
import { GOLDEN } from '../helpers/golden.js'

interface GoldenPlan {
  readonly scheme: string
  readonly video_length: number
  readonly num_obs: number
  readonly max_frames: number
  readonly step_size: number
  readonly steps: (readonly [number[], number[]])[] | { readonly reference_error: string }
}

const plans = JSON.parse(readFileSync(path.join(GOLDEN, 'schemes/schemes.json'), 'utf8')) as GoldenPlan[]

/** Every plan of every scheme there is: a scheme is checked from the day it is registered. */
const cases = plans.flatMap((plan) => {
  const scheme = samplingSchemes[plan.scheme]
  const title = `${plan.scheme} T=${plan.video_length} n_obs=${plan.num_obs} ${plan.max_frames}/${plan.step_size}`
  return scheme && !scheme.adaptive ? [{ title, scheme, plan }] : []
})

test.each(cases)('$title', ({ scheme, plan }) => {
  if (Array.isArray(plan.steps)) expect(stagesOf(scheme, plan)).toEqual(plan.steps)
  else expect(planOrUserError(scheme, plan)).toMatch(/plan|error/)
})

test('there are plans to check', () => {
  expect(cases).not.toHaveLength(0)
})

function stagesOf(scheme: SamplingScheme, plan: GoldenPlan) {
  const settings = {
    videoLength: plan.video_length,
    numObserved: plan.num_obs,
    maxFrames: plan.max_frames,
    stepSize: plan.step_size,
  }
  return planVideo(scheme, settings).map(({ observed, latent }) => [observed, latent])
}

/** Where the original fails: `planVideo` checks the plan and throws something else if it is not valid. */
function planOrUserError(scheme: SamplingScheme, plan: GoldenPlan): string {
  try {
    return `plan of ${stagesOf(scheme, plan).length}`
  } catch (error) {
    if (error instanceof UserError) return `error: ${error.message}`
    throw error
  }
}
