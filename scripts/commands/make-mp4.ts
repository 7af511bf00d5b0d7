import { videoOptions } from '../../src/config/sampling.js'
import { defineCommand } from '../command.js'

export const makeMp4Command = defineCommand({
  name: 'make-mp4',
  summary: 'make a film of sampled videos, the truth on top',
  options: videoOptions,
  required: ['eval_dir'],
  examples: [
    'make-mp4 --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36 --do_n 4',
    'make-mp4 --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36 --format mp4 --scale 4',
  ],
  async run(options, terminal) {
    const { makeVideo } = await import('../../src/video/make-video.js')
    const { findFfmpeg } = await import('../../src/setup/ffmpeg.js')
    const { inDataDir, openConfigDataset } = await import('../open-dataset.js')
    const file = await makeVideo({
      options,
      openTruth: (config, T) => openConfigDataset(inDataDir(config, options.data_dir), 'test', terminal, T),
      ffmpeg: findFfmpeg,
      onLeftOut: (line) => terminal.log(line),
      signal: terminal.signal,
    })
    terminal.log(file)
  },
})
