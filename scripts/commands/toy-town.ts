import path from 'node:path'
import { int, text } from '../../src/config/option.js'
import { defineCommand } from '../command.js'
import { withProgress } from '../terminal.js'
import { counted } from '../../src/counted.js'

export const toyTownCommand = defineCommand({
  name: 'toy-town',
  summary: 'render the toy town data set: drives through a small town',
  options: {
    image_size: int(32, 'height and width of a frame in pixels', { min: 8, max: 512 }),
    frames: int(100, 'frames per video, ten a second', { min: 1 }),
    train: int(60, 'videos to train on', { min: 1 }),
    test: int(20, 'videos to test on', { min: 1 }),
    seed: int(0, 'chooses the drives; the town stays the same', { min: 0 }),
    data_dir: text('datasets/toy-town', 'folder to write to'),
  },
  examples: ['toy-town', 'toy-town --image_size 64 --train 200 --data_dir datasets/toy-town-64'],
  async run(values, terminal) {
    const { renderToyTown } = await import('../../src/data/toy-town/render-toy-town.js')
    const { image_size: size, frames, train, test, seed, data_dir: directory } = values
    await withProgress(terminal, 'Rendering videos', (onProgress) =>
      renderToyTown({ directory, size, frames, train, test, seed, onProgress, signal: terminal.signal }),
    )
    terminal.log(
      `${counted(train, 'training video')} and ${counted(test, 'test video')} are in ${path.resolve(directory)}`,
    )
  },
})
