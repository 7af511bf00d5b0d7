import { flag, text } from '../../../src/config/option.js'
import { downloadNames } from '../../../src/data/download/downloads.js'
import { defineCommand } from '../../command.js'

export const dataDownloadCommand = defineCommand({
  name: 'data download',
  summary: 'fetch a data set or networks; run again, it goes on where it was interrupted',
  arguments: [{ name: 'name', help: `what to fetch: ${downloadNames.join(', ')}` }],
  options: {
    root: text('.', 'folder that holds datasets/ and checkpoints/'),
    mirror: text('', 'address of a folder with the same files, instead of the usual one'),
    unpack: flag(true, 'unpack an archive of videos when it is there'),
    dry_run: flag(false, 'show what would be fetched from where, and stop'),
  },
  examples: ['data download carla', 'data download carla-checkpoint --dry_run'],
  async run(options, terminal) {
    const { runDownload } = await import('../../run-download.js')
    await runDownload(options, terminal)
  },
})
