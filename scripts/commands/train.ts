import { modelOptions } from '../../src/config/model.js'
import { flag, int, text } from '../../src/config/option.js'
import { trainingOptions } from '../../src/config/training.js'
import { UserError } from '../../src/errors.js'
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
    run_id: text(
      '',
      'name of the run, which is begun, or gone on with once it has saved something (default: a new one is made up)',
    ),
    dry_run: flag(false, 'print the resolved configuration and stop'),
    ...modelOptions,
    image_size: trainingOptions.image_size,
  },
  sections: [{ heading: 'Model and diffusion', options: modelOptions }],
  examples: [
    'train --dataset toy_town --batch_size 2 --num_channels 32 --max_frames 8',
    'train --dataset folder --data_dir my-videos --image_size 64 --T 100',
    'train --resume_id k2xw81qz',
    'train --run_id town --dataset toy_town --num_channels 32 --keep 2',
    'train --devices 2 --dataset toy_town --batch_size 1 --num_channels 32 --max_frames 8',
  ],
  async run(options, terminal, typed) {
    const {
      devices,
      backend,
      dry_run: dryRun,
      run_id: runId,
      wandb_id: wandbId,
      resume_id: resumeId,
    } = options
    const { placeOrSupervise } = await import('../place-or-supervise.js')
    const { chosenConfig, RUNS } = await import('../chosen-config.js')
    const { namedRun } = await import('../../src/training/named-run.js')
    const { silentTerminal } = await import('../terminal.js')
    if (typed.run_id === '') throw new UserError('--run_id is empty: give the run a name, or leave it out')
    const given = runId ? namedRun(runId, typed, RUNS) : typed
    const check = () => void chosenConfig(given, silentTerminal(terminal))
    const place = await placeOrSupervise({ devices, dryRun, backend, check }, terminal)
    if (place === 'supervised') return
    const { runTraining } = await import('../run-training.js')
    const request = {
      given,
      // A resumed run goes on under its own name.
      newRunId: wandbId || resumeId || runId || newRunId(Math.random),
      startsOver: runId !== '',
      previews: true,
      dryRun,
      place,
    }
    const result = await runTraining(request, terminal)
    if (!result || (place && place.rank > 0)) return
    const isNew = !given.wandb_id && !given.resume_id
    for (const line of trainingEnd(result, isNew)) terminal.log(line)
  },
})
