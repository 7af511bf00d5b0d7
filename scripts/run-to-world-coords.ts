import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import type { CoordinateConfig } from '../src/config/evaluation.js'
import {
  datasetCoordinates,
  datasetTasks,
  isDone,
  runCoordinates,
  sampleTasks,
} from '../src/carla/coordinate-files.js'
import { loadLocator } from '../src/carla/load-locator.js'
import { locateVideos } from '../src/carla/locate-videos.js'
import { hostRandom } from '../src/random.js'
import { startRuntime } from '../src/runtime/start.js'
import { clearUnfinished } from '../src/files/unfinished-files.js'
import { withProgress, type Terminal } from './terminal.js'

/**
 * Writes the coordinates of all frames of a run's samples, or of a data set's videos.
 * @throws UserError for options, data or files that do not work.
 */
export async function runToWorldCoords(
  options: CoordinateConfig & { classifier_path: string; regressor_path: string },
  terminal: Terminal,
): Promise<void> {
  const { eval_dir: evalDir, dataset_dir: datasetDir } = options
  if ((evalDir === undefined) === (datasetDir === undefined))
    throw new UserError('give either --eval_dir, for samples, or --dataset_dir, for a data set')
  const [tasks, folder] =
    evalDir === undefined
      ? [datasetTasks(datasetDir ?? ''), datasetCoordinates(datasetDir ?? '')]
      : [sampleTasks(evalDir), runCoordinates(evalDir)]
  // Here, as nothing is written where others have finished what a killed process left.
  clearUnfinished(folder)
  const open = tasks.filter((task) => !isDone(task)).length
  terminal.log(
    `${counted(tasks.length, 'video')}, coordinates go to ${folder}; there already: ${tasks.length - open}`,
  )
  if (open === 0) return

  await startRuntime({ backend: options.backend, device: options.device })
  const locator = loadLocator({ classifier: options.classifier_path, regressor: options.regressor_path })
  const result = await withProgress(terminal, 'locating frames', (update) => {
    // Videos are opened one by one, so that how many frames there are is known only as it goes on.
    let frames = 0
    let videos = 0
    let current = ''
    return locateVideos(tasks, {
      locator,
      batchSize: options.batch_size,
      skipBad: options.skip_bad,
      random: hostRandom('to-world-coords', process.pid),
      onProgress(count, video) {
        frames += count
        if (video !== current) videos++
        current = video
        update(Math.min(videos, open) - 1, open, counted(frames, 'frame'))
      },
      signal: terminal.signal,
    })
  })
  locator.dispose()
  for (const reason of result.skipped) terminal.log(`left out: ${reason}`)
  terminal.log(`wrote the coordinates of ${counted(result.written, 'video')}`)
}
