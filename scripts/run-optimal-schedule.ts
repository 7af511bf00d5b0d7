import type { OptimalScheduleConfig } from '../src/config/optimal-schedule.js'
import type { VideoDataset } from '../src/data/dataset.js'
import { optimiseSchedule } from '../src/sampling/optimal-schedule/optimise-schedule.js'
import {
  planOptimalSchedule,
  type ScheduleInputs,
  type SchedulePlan,
} from '../src/sampling/optimal-schedule/plan-optimal-schedule.js'
import { scheduleFiles } from '../src/sampling/results/schedule-files.js'
import { frameRanges } from '../src/schemes/frame-ranges.js'
import type { CheckpointRequest } from './checkpoint-request.js'
import { askedLength, openConfigDataset } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import { withCheckpoint } from './sampling-inputs.js'
import { tellOfOthers } from './tell-of-others.js'
import type { Terminal } from './terminal.js'
import { numbered } from '../src/schemes/numbered.js'

/**
 * Optimises what the stages of a scheme condition on, with a bar per choice and a line for each.
 * @throws UserError for options, data or files that do not work.
 */
export async function runOptimalSchedule(
  { checkpoint: file, options, taskId, dryRun }: CheckpointRequest<OptimalScheduleConfig>,
  terminal: Terminal,
): Promise<void> {
  return withCheckpoint(file, options, terminal, async (checkpoint) => {
    const { config, step } = checkpoint
    const T = askedLength(options.T, config)
    const inputs = { checkpoint, options, T, taskId }
    const plan = planOptimalSchedule(inputs)
    const dataset = await openConfigDataset(config, 'train', terminal, T)
    const decided = {
      T,
      max_frames: plan.settings.maxFrames,
      max_latent_frames: plan.settings.stepSize,
      stages: plan.stages.length,
      folder: plan.folder,
    }
    terminal.log(`configuration:\n${printedConfig({ checkpoint: file, step, ...options, ...decided })}`)
    if (!dryRun) await optimiseAll(plan, inputs, dataset, terminal)
  })
}

async function optimiseAll(
  plan: SchedulePlan,
  inputs: ScheduleInputs,
  dataset: VideoDataset,
  terminal: Terminal,
): Promise<void> {
  const { wait, optimality } = inputs.options
  const bar = terminal.progress('choosing')
  const missing = new Set(plan.order)
  try {
    const stages = optimiseSchedule(plan, inputs, dataset, {
      onProgress: ({ stage, chosen, places, done, total }) =>
        bar.update(done, total, `stage ${stage}, frame ${chosen + 1} of ${places}`),
      onChoice: ({ stage, frame, error, chosen, places }) =>
        terminal.log(
          `stage ${stage}: frame ${frame}, error ${error.toPrecision(4)} (${chosen} of ${places})`,
        ),
      onOthers: tellOfOthers(terminal, wait, (numbers) => numbered('stage', numbers)),
      onHeld: () =>
        terminal.log(
          `another process has the files in ${plan.folder}: waiting for it, or until it is known to be dead`,
        ),
      signal: terminal.signal,
    })
    for await (const { stage, frames, isNew } of stages) {
      missing.delete(stage)
      const found = isNew ? '' : ' (there already)'
      terminal.log(
        `stage ${stage} of ${plan.stages.length}: from ${frameRanges(frames) || 'nothing'}${found}`,
      )
    }
  } finally {
    bar.stop()
  }
  if (missing.size > 0) return
  terminal.log(scheduleFiles(plan.folder).finished.torch)
  terminal.log(`sample with it: npx fdm sample .. --optimality ${optimality}, and the same settings`)
}
