import { choice, int, text } from '../../../src/config/option.js'
import { counted } from '../../../src/counted.js'
import { DATASETS } from '../../../src/data/records.js'
import { defineCommand } from '../../command.js'
import { shellWord } from '../../shell-word.js'
import { withProgress } from '../../terminal.js'

export const dataConvertCommand = defineCommand({
  name: 'data convert',
  summary: 'bring mazes or MineRL from their published form into train/<i>.npy and test/<i>.npy',
  arguments: [
    {
      name: 'source',
      help: 'zip archive or folder with train/*.mp4 and test/*.mp4, or folder of TFRecord files',
    },
  ],
  options: {
    dataset: choice('mazes_cwvae', ['mazes_cwvae', 'minerl'], 'what it is'),
    data_dir: text('', "folder to write to (default: the data set's)"),
    image_size: int(undefined, "height and width of a frame in pixels (default: the data set's)", { min: 1 }),
  },
  examples: [
    'data convert datasets/gqn_mazes.zip',
    'data convert ~/tensorflow_datasets/minerl_navigate --dataset minerl',
  ],
  async run({ source, dataset, data_dir: dataDir, image_size: size }, terminal) {
    const { convertDataset } = await import('../../../src/data/convert/convert-dataset.js')
    const { findFfmpeg } = await import('../../../src/setup/ffmpeg.js')
    const { folder, imageSize } = DATASETS[dataset]
    const target = dataDir === '' ? folder : dataDir
    const { form, train, test, kept } = await withProgress(terminal, 'converting videos', (onProgress) =>
      convertDataset({
        source,
        target,
        imageSize: size ?? imageSize,
        ffmpeg: findFfmpeg,
        onProgress,
        signal: terminal.signal,
      }),
    )
    terminal.log(
      `${form}: ${counted(train, 'training video')} and ${counted(test, 'test video')} are in ${target}${kept > 0 ? `, ${kept} of them from before` : ''}`,
    )
    terminal.log(
      `look at them with: npx fdm data check --dataset ${dataset}${dataDir === '' ? '' : ` --data_dir ${shellWord(dataDir)}`}`,
    )
  },
})
