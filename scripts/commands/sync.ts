import { defineCommand } from '../command.js'

export const syncCommand = defineCommand({
  name: 'sync',
  summary: 'send what is recorded of a run to Weights & Biases',
  arguments: [
    {
      name: 'run',
      help: 'a run id below checkpoints, or the folder of a run that W&B calls [offline-]run-..',
    },
  ],
  options: {},
  examples: ['sync k2xw81qz', 'sync checkpoints/k2xw81qz/wandb/offline-run-20250131_120000-k2xw81qz'],
  async run({ run }, terminal) {
    const { runSync } = await import('../run-sync.js')
    await runSync(run, process.env, terminal)
  },
})
