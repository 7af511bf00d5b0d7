import { coordinateOptions } from '../../src/config/evaluation.js'
import { defineCommand } from '../command.js'

export const toWorldCoordsCommand = defineCommand({
  name: 'to-world-coords',
  summary: "find out where in CARLA's town frames were taken",
  options: coordinateOptions,
  required: ['classifier_path', 'regressor_path'],
  examples: [
    'to-world-coords --eval_dir results/1v1myd4b/ema_0.9999_550000/hierarchy-2_20_10_1000_36 ' +
      '--classifier_path checkpoints/carla-regressor/classifier_checkpoint.pth ' +
      '--regressor_path checkpoints/carla-regressor/regressor_checkpoint.pth',
    'to-world-coords --dataset_dir datasets/carla/no-traffic --classifier_path classifier.pth --regressor_path regressor.pth',
  ],
  async run(options, terminal) {
    const { runToWorldCoords } = await import('../run-to-world-coords.js')
    await runToWorldCoords(options, terminal)
  },
})
