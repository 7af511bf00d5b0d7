import { planningOptions } from '../../src/config/planning.js'
import { defineCommand } from '../command.js'

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'show what sampling would do: stages, calls of the network, time and memory',
  options: planningOptions,
  required: ['sampling_scheme'],
  examples: [
    'plan --sampling_scheme hierarchy-2 --T 1000 --n_obs 36 --max_frames 20 --max_latent_frames 10',
    'plan --sampling_scheme infill --obs_frames 0,49,99 --T 100 --max_frames 20 --picture infill.svg',
    'plan --sampling_scheme autoreg --checkpoint checkpoints/k2xw81qz/ema_0.9999_050000.pt --json',
  ],
  async run(options, terminal) {
    const { runPlanning } = await import('../run-planning.js')
    await runPlanning(options, terminal)
  },
})
