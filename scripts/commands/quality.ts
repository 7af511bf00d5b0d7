import { qualityOptions } from '../../src/config/quality.js'
import { defineCommand } from '../command.js'

export const qualityCommand = defineCommand({
  name: 'quality',
  summary: 'measure how like the truth samples are, frame by frame: PSNR, SSIM, LPIPS',
  options: qualityOptions,
  required: ['eval_dir'],
  examples: [
    'quality --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36 --num_videos 100',
    'quality --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36 --lpips_weights lpips',
  ],
  async run(options, terminal) {
    const { runQuality } = await import('../run-quality.js')
    await runQuality(options, terminal)
  },
})
