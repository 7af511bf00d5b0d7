import { fvdOptions } from '../../src/config/evaluation.js'
import { defineCommand } from '../command.js'

export const fvdCommand = defineCommand({
  name: 'fvd',
  summary: 'measure how far sampled videos are from true ones: Fréchet video distance',
  options: fvdOptions,
  required: ['eval_dir'],
  examples: [
    'fvd --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36 --num_videos 100',
    'fvd --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36 --i3d_weights i3d.pt --compat original',
  ],
  async run(options, terminal) {
    const { runFvd } = await import('../run-fvd.js')
    await runFvd(options, terminal)
  },
})
