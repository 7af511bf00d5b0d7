import type { OptimalScheduleConfig } from '../../config/optimal-schedule.js'
import { UserError } from '../../errors.js'
import { requireFixed } from '../../schemes/optimised-scheme.js'
import { planVideo } from '../../schemes/plan.js'
import { range } from '../../schemes/range.js'
import { findScheme } from '../../schemes/registry.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../../schemes/types.js'
import { modelResultsFolder } from '../results/results-layout.js'
import type { SampleRunInputs } from '../runs/plan-sample-run.js'
import { schemeSettings } from '../stages/scheme-settings.js'
import { scheduleFolder } from './schedule-folder.js'

/** What the `optimal-schedule` command works with. */
export interface ScheduleInputs {
  readonly checkpoint: SampleRunInputs['checkpoint']
  readonly options: OptimalScheduleConfig
  /** Frames per video. */
  readonly T: number
  /** Number of this process in an array of jobs, if it is in one: it begins with the stage of that number. */
  readonly taskId?: number | undefined
}

/** An optimisation with everything decided, before any work. */
export interface SchedulePlan {
  /** Where `optimal_schedule.pt` goes: the results folder of the scheme, or one for schedules of this kind. */
  readonly folder: string
  readonly scheme: SamplingScheme
  readonly settings: SchemeSettings
  /** As the scheme plans them itself. */
  readonly stages: readonly Stage[]
  /** The numbers of all stages in the order in which this process tries to take them. */
  readonly order: readonly number[]
}

/**
 * Decides what is optimised and where it is written, by what is there.
 * @throws UserError for options that do not fit each other or the checkpoint, or a file that cannot be read.
 */
export function planOptimalSchedule({ checkpoint, options, T, taskId = 0 }: ScheduleInputs): SchedulePlan {
  if (options.sampling_scheme === undefined) throw new UserError('--sampling_scheme is missing: name one')
  const scheme = findScheme(options.sampling_scheme)
  requireFixed(scheme)
  const settings = schemeSettings(options, T, checkpoint.config.max_frames)
  const stages = planVideo(scheme, settings)
  const results = { checkpoint: checkpoint.path, step: checkpoint.step }
  const parent =
    options.eval_dir ??
    modelResultsFolder({ ...results, sampler: 'ancestral', eta: 0, timestepRespacing: '' })
  return {
    folder: scheduleFolder(parent, { scheme: scheme.name, settings, optimality: options.optimality }),
    scheme,
    settings,
    stages,
    order: range(stages.length).map((i) => (i + (taskId % stages.length)) % stages.length),
  }
}
