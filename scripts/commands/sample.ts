import { flag } from '../../src/config/option.js'
import { samplingOptions } from '../../src/config/sampling.js'
import { UserError } from '../../src/errors.js'
import { defineCommand } from '../command.js'

export const sampleCommand = defineCommand({
  name: 'sample',
  summary: 'complete test videos with a trained model',
  arguments: [
    { name: 'checkpoint', help: 'model to sample with: checkpoints/<run id>/ema_<rate>_<step>.pt' },
  ],
  options: { ...samplingOptions, dry_run: flag(false, 'print the resolved configuration and stop') },
  required: ['sampling_scheme'],
  examples: [
    'sample checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme autoreg',
    'sample checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme autoreg --use_ddim --timestep_respacing ddim25',
  ],
  async run({ checkpoint, dry_run: dryRun, ...options }, terminal) {
    const { runSampling } = await import('../run-sampling.js')
    const taskId = slurmTask(process.env.SLURM_ARRAY_TASK_ID)
    const request = { checkpoint, options, dryRun, ...(taskId !== undefined && { taskId }) }
    const { folder } = await runSampling(request, terminal)
    if (!dryRun) terminal.log(`look at them with: npx fdm make-mp4 --eval_dir ${folder}`)
  },
})

function slurmTask(variable: string | undefined): number | undefined {
  if (variable === undefined || variable === '') return undefined
  if (/^\d+$/.test(variable)) return Number(variable)
  throw new UserError(`the variable SLURM_ARRAY_TASK_ID takes an integer of at least 0, not "${variable}"`)
}
