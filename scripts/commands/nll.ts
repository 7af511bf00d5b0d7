import { nllOptions } from '../../src/config/nll.js'
import { flag } from '../../src/config/option.js'
import { defineCommand } from '../command.js'
import { lpipsWeights } from '../lpips-weights.js'
import { taskOf } from '../task-of.js'

export const nllCommand = defineCommand({
  name: 'nll',
  summary: 'bound the likelihood of test videos along a scheme, in bits per dimension',
  arguments: [{ name: 'checkpoint', help: 'model to measure: checkpoints/<run id>/ema_<rate>_<step>.pt' }],
  options: {
    ...nllOptions,
    dry_run: flag(false, 'print the resolved configuration and stop'),
  },
  required: ['sampling_scheme'],
  examples: [
    'nll checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme hierarchy-2 --num_timesteps 50',
    'nll checkpoints/k2xw81qz/ema_0.9999_050000.pt --sampling_scheme autoreg --stop_index 10',
  ],
  async run({ checkpoint, dry_run: dryRun, ...given }, terminal) {
    const { runNll } = await import('../run-nll.js')
    const options = { ...given, lpips_weights: lpipsWeights(given.lpips_weights) }
    await runNll({ checkpoint, options, dryRun, taskId: taskOf(process.env) }, terminal)
  },
})
