import { modelOptions } from '../../src/config/model.js'
import { flag } from '../../src/config/option.js'
import { trainingOptions } from '../../src/config/training.js'
import { newRunId } from '../../src/tracking/run-id.js'
import { defineCommand } from '../command.js'

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a video diffusion model, or go on training one',
  options: {
    ...trainingOptions,
    dry_run: flag(false, 'print the resolved configuration and stop'),
    ...modelOptions,
    image_size: trainingOptions.image_size,
  },
  sections: [{ heading: 'Model and diffusion', options: modelOptions }],
  examples: [
    'train --dataset toy_town --batch_size 2 --num_channels 32 --max_frames 8',
    'train --dataset folder --data_dir my-videos --image_size 64 --T 100',
    'train --resume_id k2xw81qz',
  ],
  async run({ dry_run: dryRun, wandb_id: wandbId, resume_id: resumeId }, terminal, given) {
    const { runTraining } = await import('../run-training.js')
    // A resumed run goes on under its own name.
    const runId = wandbId || resumeId || newRunId(Math.random)
    const result = await runTraining({ given, newRunId: runId, dryRun, previews: true }, terminal)
    if (!result) return
    terminal.log(`stopped after step ${result.step}; go on with: npx fdm train --resume_id ${result.runId}`)
    if (!result.saved) return
    const model = result.saved.ema[0] ?? result.saved.model
    terminal.log(`sample with: npx fdm sample ${model} --sampling_scheme autoreg`)
  },
})
