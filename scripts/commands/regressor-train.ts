import { regressorTrainingOptions } from '../../src/config/regressor-training.js'
import { newRunId } from '../../src/tracking/run-id.js'
import { defineCommand } from '../command.js'

export const regressorTrainCommand = defineCommand({
  name: 'regressor-train',
  summary: 'train the networks that to-world-coords looks at frames with',
  options: regressorTrainingOptions,
  examples: [
    'regressor-train --data_dir datasets/carla/no-traffic --is_classifier True --init_weights resnet152.pth',
    'regressor-train --data_dir datasets/toy-town --is_classifier False --model resnet18 --optimizer adamw --batch_size 32',
    'regressor-train --resume_id k2xw81qz',
  ],
  async run(options, terminal, given) {
    const { runRegressorTraining } = await import('../run-regressor-training.js')
    await runRegressorTraining({ given, newRunId: options.resume_id || newRunId(Math.random) }, terminal)
  },
})
