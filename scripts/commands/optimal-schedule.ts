import { optimalScheduleOptions } from '../../src/config/optimal-schedule.js'
import { flag } from '../../src/config/option.js'
import { defineCommand } from '../command.js'
import { taskOf } from '../task-of.js'

export const optimalScheduleCommand = defineCommand({
  name: 'optimal-schedule',
  summary: 'choose the frames that each stage of a scheme conditions on, by the errors of the model',
  arguments: [{ name: 'checkpoint', help: 'model to choose for: checkpoints/<run id>/ema_<rate>_<step>.pt' }],
  options: {
    ...optimalScheduleOptions,
    dry_run: flag(false, 'print the resolved configuration and stop'),
  },
  required: ['sampling_scheme'],
  examples: [
    'optimal-schedule checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme autoreg',
    'optimal-schedule checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme hierarchy-2 --optimality linspace-t-force-nearby',
  ],
  async run({ checkpoint, dry_run: dryRun, ...options }, terminal) {
    const { runOptimalSchedule } = await import('../run-optimal-schedule.js')
    await runOptimalSchedule({ checkpoint, options, dryRun, taskId: taskOf(process.env) }, terminal)
  },
})
