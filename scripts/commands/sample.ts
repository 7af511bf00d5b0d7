import { flag } from '../../src/config/option.js'
import { samplingOptions } from '../../src/config/sampling.js'
import { UserError } from '../../src/errors.js'
import { defineCommand } from '../command.js'
import { lpipsWeights } from '../lpips-weights.js'

export const sampleCommand = defineCommand({
  name: 'sample',
  summary: 'complete test videos with a trained model',
  arguments: [
    { name: 'checkpoint', help: 'model to sample with: checkpoints/<run id>/ema_<rate>_<step>.pt' },
  ],
  options: {
    ...samplingOptions,
    just_visualise: flag(false, 'draw the stages below visualisations/ and stop'),
    dry_run: flag(false, 'print the resolved configuration and stop'),
  },
  required: ['sampling_scheme'],
  examples: [
    'sample checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme autoreg',
    'sample checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme autoreg --use_ddim --timestep_respacing ddim25',
  ],
  async run({ checkpoint, just_visualise, dry_run: dryRun, ...given }, terminal) {
    const taskId = taskOf(process.env)
    const options = { ...given, lpips_weights: lpipsWeights(given.lpips_weights) }
    const request = { checkpoint, options, dryRun, ...(taskId !== undefined && { taskId }) }
    if (just_visualise) {
      const { runVisualising } = await import('../run-visualising.js')
      await runVisualising(request, terminal)
      return
    }
    const { runSampling } = await import('../run-sampling.js')
    const { folder } = await runSampling(request, terminal)
    if (!dryRun) terminal.log(`look at them with: npx fdm make-mp4 --eval_dir ${folder}`)
  },
})

/** Set by job systems for each job of an array: by SLURM, and for Indexed Jobs of Kubernetes. */
const TASK_VARIABLES = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX']

function taskOf(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  for (const name of TASK_VARIABLES) {
    const value = environment[name]
    if (value === undefined || value === '') continue
    if (/^\d+$/.test(value)) return Number(value)
    throw new UserError(`the variable ${name} takes an integer of at least 0, not "${value}"`)
  }
  return undefined
}
