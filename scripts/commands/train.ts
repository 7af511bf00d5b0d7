import { modelOptions } from '../../src/config/model.js'
import { flag, int } from '../../src/config/option.js'
import { trainingOptions } from '../../src/config/training.js'
import { newRunId } from '../../src/tracking/run-id.js'
import { defineCommand } from '../command.js'
import { trainingEnd } from '../training-end.js'

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a video diffusion model, or go on training one',
  options: {
    ...trainingOptions,
    devices: int(
      undefined,
      "ranks that train together on this machine, one per GPU or share of the cores, each with batch_size videos (default: a launcher's, else 1)",
      { min: 1 },
    ),
    dry_run: flag(false, 'print the resolved configuration and stop'),
    ...modelOptions,
    image_size: trainingOptions.image_size,
  },
  leftOut: {
    fp16_scale_growth:
      'bfloat16 (--use_fp16, --precision bf16) has the range of float32, so the loss is not scaled',
  },
  sections: [{ heading: 'Model and diffusion', options: modelOptions }],
  examples: [
    'train --dataset toy_town --batch_size 2 --num_channels 32 --max_frames 8',
    'train --dataset folder --data_dir my-videos --image_size 64 --T 100',
    'train --resume_id k2xw81qz',
    'train --devices 2 --dataset toy_town --batch_size 1 --num_channels 32 --max_frames 8',
  ],
  async run({ devices, dry_run: dryRun, wandb_id: wandbId, resume_id: resumeId, ...rest }, terminal, given) {
    const { placeOrSupervise } = await import('../place-or-supervise.js')
    const { chosenConfig } = await import('../chosen-config.js')
    const { silentTerminal } = await import('../terminal.js')
    const check = () => void chosenConfig(given, silentTerminal(terminal))
    const place = await placeOrSupervise({ devices, dryRun, backend: rest.backend, check }, terminal)
    if (place === 'supervised') return
    const { runTraining } = await import('../run-training.js')
    // A resumed run goes on under its own name.
    const runId = wandbId || resumeId || newRunId(Math.random)
    const result = await runTraining({ given, newRunId: runId, dryRun, previews: true, place }, terminal)
    if (!result || (place && place.rank > 0)) return
    const isNew = !wandbId && !resumeId
    for (const line of trainingEnd(result, isNew)) terminal.log(line)
  },
})
