import { datasetOptions } from '../../../src/config/dataset.js'
import { choice, flag, text } from '../../../src/config/option.js'
import { datasetNames } from '../../../src/data/records.js'
import { defineCommand } from '../../command.js'

const { data_dir, image_size, T, frame_stride, resize, frame_rate, test_share, test_list } = datasetOptions

export const dataCheckCommand = defineCommand({
  name: 'data check',
  summary: 'read a data set and say what is there, what cannot be used, and what it looks like',
  options: {
    dataset: choice(undefined, datasetNames, 'what to look through'),
    ...{ data_dir, image_size, T, frame_stride, resize, frame_rate, test_share, test_list },
    split: choice('both', ['both', 'train', 'test'], 'which videos'),
    quick: flag(false, 'read only the first and last frame of each video: finds no damage inside files'),
    sheet: text(
      '',
      'picture to write, some frames of some videos (default: results/datasets/<data set>.png)',
    ),
    json: flag(false, 'print what was found as JSON, and nothing else'),
  },
  required: ['dataset'],
  examples: [
    'data check --dataset toy_town',
    'data check --dataset folder --data_dir my-videos --image_size 64 --T 100',
  ],
  async run(options, terminal) {
    const { runDataCheck } = await import('../../run-data-check.js')
    await runDataCheck(options, terminal)
  },
})
