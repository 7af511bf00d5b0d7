import { flag } from '../../src/config/option.js'
import { samplingOptions } from '../../src/config/sampling.js'
import { defineCommand } from '../command.js'
import { lpipsWeights } from '../lpips-weights.js'
import { shellWord } from '../shell-word.js'
import { taskOf } from '../task-of.js'

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
    const options = { ...given, lpips_weights: lpipsWeights(given.lpips_weights) }
    const request = { checkpoint, options, dryRun, taskId: taskOf(process.env) }
    if (just_visualise) {
      const { runVisualising } = await import('../run-visualising.js')
      await runVisualising(request, terminal)
      return
    }
    const { runSampling } = await import('../run-sampling.js')
    const { folder } = await runSampling(request, terminal)
    if (!dryRun) terminal.log(`look at them with: npx fdm make-mp4 --eval_dir ${shellWord(folder)}`)
  },
})
