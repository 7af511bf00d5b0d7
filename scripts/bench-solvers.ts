import { normalDataError } from '../src/bench/normal-data.js'
import { createSampler } from '../src/diffusion/samplers/create-sampler.js'
import { dpmSolverWeights } from '../src/diffusion/samplers/dpm-solver.js'
import { createSchedule } from '../src/diffusion/schedule.js'
import { startRuntime } from '../src/runtime/start.js'
import { range } from '../src/schemes/range.js'
import { main } from './main.js'

// How exactly samplers without noise solve their equation: prints the table of docs/samplers.md on data from normal
// distributions, for `node dist/scripts/bench-solvers.js`. Needs no model.

const SCHEDULES = [
  ['cosine', 100],
  ['cosine', 1000],
  ['linear', 1000],
] as const
const STEPS = [10, 20, 50]
/** Standard deviations of the data; pixels have about 0.5. */
const DEVIATIONS = [0.1, 0.3, 0.5, 1, 2]
const SAMPLERS = [
  ['DDIM', 'ddim', true],
  ['DPM-Solver++(2M)', 'dpm++', true],
  ['as published', 'dpm++', false],
] as const

void main(async (terminal) => {
  await startRuntime()
  const row = (...cells: readonly (string | number)[]) => terminal.log(`| ${cells.join(' | ')} |`)
  row('schedule', 'steps', 'sampler', ...DEVIATIONS, 'steps limited')
  const all: number[][] = []
  for (const [noise_schedule, diffusion_steps] of SCHEDULES)
    for (const steps of STEPS) {
      const schedule = createSchedule({ noise_schedule, diffusion_steps, timestep_respacing: String(steps) })
      const limited = range(steps).filter(
        (t) =>
          dpmSolverWeights(schedule, t).current !==
          dpmSolverWeights(schedule, t, { isLimited: false }).current,
      )
      const bySampler: number[][] = []
      for (const [name, sampler, isLimited] of SAMPLERS) {
        const chosen = createSampler(sampler, schedule, { limit_extrapolation: isLimited })
        const errors = []
        for (const deviation of DEVIATIONS)
          errors.push(Math.abs(await normalDataError(chosen, schedule, deviation)))
        const shown = errors.map((error) => `${(100 * error).toFixed(2)} %`)
        const acts = sampler === 'dpm++' && isLimited ? limited.length : ''
        row(`${noise_schedule}, ${diffusion_steps}`, steps, name, ...shown, acts)
        bySampler.push(errors)
      }
      for (const i of DEVIATIONS.keys()) all.push(bySampler.map((errors) => errors[i] ?? NaN))
    }
  const smaller = (one: number, other: number) =>
    all.filter((errors) => at(errors, one) < at(errors, other)).length
  terminal.log(
    `of ${all.length} errors, smaller than DDIM's: ${smaller(1, 0)} of DPM-Solver++(2M), ${smaller(2, 0)} as published; ` +
      `smaller than as published: ${smaller(1, 2)} of DPM-Solver++(2M)`,
  )
})

const at = (errors: readonly number[], sampler: number) => errors[sampler] ?? NaN
