import { mazesOptions } from '../../src/config/mazes.js'
import { defineCommand } from '../command.js'

export const mazesAccuracyCommand = defineCommand({
  name: 'mazes-accuracy',
  summary: 'measure how often samples of GQN mazes go the way of the true walk',
  options: mazesOptions,
  required: ['eval_dir'],
  examples: [
    'mazes-accuracy --eval_dir results/k2xw81qz/ema_0.9999_950000/hierarchy-2_20_10_300_36 --n_seeds 5',
  ],
  async run(options, terminal) {
    const { runMazesAccuracy } = await import('../run-mazes-accuracy.js')
    await runMazesAccuracy(options, terminal)
  },
})
