import { flag } from '../../src/config/option.js'
import { longSamplingOptions } from '../../src/config/sampling.js'
import { defineCommand } from '../command.js'
import { lpipsWeights } from '../lpips-weights.js'

export const sampleLongCommand = defineCommand({
  name: 'sample-long',
  summary: 'sample a video without end, chunk by chunk',
  arguments: [
    { name: 'checkpoint', help: 'model to sample with: checkpoints/<run id>/ema_<rate>_<step>.pt' },
  ],
  options: { ...longSamplingOptions, dry_run: flag(false, 'print the resolved configuration and stop') },
  examples: [
    'sample-long checkpoints/k2xw81qz/ema_0.9999_050000.pt --length 10000 --use_ddim --timestep_respacing ddim25',
    'sample-long checkpoints/k2xw81qz/ema_0.9999_050000.pt --n_obs 0 --chunk_length 20',
  ],
  async run({ checkpoint, dry_run: dryRun, ...given }, terminal) {
    const options = { ...given, lpips_weights: lpipsWeights(given.lpips_weights) }
    const { runLongSampling } = await import('../run-long-sampling.js')
    await runLongSampling({ checkpoint, options, dryRun }, terminal)
  },
})
