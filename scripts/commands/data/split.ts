import { flag, text } from '../../../src/config/option.js'
import { defineCommand } from '../../command.js'
import { counted } from '../../../src/counted.js'

export const dataSplitCommand = defineCommand({
  name: 'data split',
  summary: "write the lists of a folder in CARLA's form: the last 100 videos by number are for testing",
  options: {
    dir: text('datasets/carla/no-traffic', 'folder of the videos, video_<i>.pt'),
    overwrite: flag(false, 'replace lists that name other videos'),
  },
  examples: ['data split', 'data split --dir datasets/carla/no-traffic'],
  async run({ dir, overwrite }, terminal) {
    const { splitCarla } = await import('../../../src/data/split-carla.js')
    const { train, test, files } = splitCarla(dir, overwrite)
    terminal.log(
      `${counted(train, 'training video')} and ${counted(test, 'test video')}: ${files.join(', ')}`,
    )
  },
})
