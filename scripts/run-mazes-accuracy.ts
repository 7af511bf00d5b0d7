import path from 'node:path'
import type { MazesConfig } from '../src/config/mazes.js'
import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import { givenFrames } from '../src/evaluation/given-frames.js'
import { mazeAccuracy, type MazeAccuracy } from '../src/evaluation/mazes/maze-accuracy.js'
import { MAZE_WALKS } from '../src/evaluation/mazes/maze-walk.js'
import { measureMazes } from '../src/evaluation/mazes/measure-mazes.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { readModelConfig } from '../src/sampling/results/model-config.js'
import { sampleSet } from '../src/sampling/results/sample-set.js'
import { range } from '../src/schemes/range.js'
import { inDataDir, openConfigDataset } from './open-dataset.js'
import { packageVersion } from './package-version.js'
import { withProgress, type Terminal } from './terminal.js'

/**
 * Measures how often samples go the way of the true walk, prints it and writes it beside the samples.
 * @throws UserError for options, data or files that do not work.
 */
export async function runMazesAccuracy(
  options: MazesConfig & { eval_dir: string },
  terminal: Terminal,
): Promise<void> {
  const { eval_dir: evalDir, n_seeds: seeds, data_dir: dataDir } = options
  const samples = sampleSet(evalDir, {
    numVideos: options.num_videos,
    sampleIndices: seeds === undefined ? undefined : range(seeds),
    skipBad: options.skip_bad,
  })
  for (const { file, reason } of samples.skipped) terminal.log(`left out: ${file} ${reason}`)
  const [T] = samples.shape
  const firstFrame = (givenFrames(evalDir, options, T).at(-1) ?? -1) + 1
  if (firstFrame >= T) throw new UserError(`no frame of the ${T} comes after those that were given`)
  const config = inDataDir(readModelConfig(evalDir), dataDir)
  const truth = await openConfigDataset(config, 'test', terminal, T)
  const videos = await withProgress(terminal, 'following walks', (onProgress) =>
    measureMazes({ samples, truth, firstFrame, onProgress, signal: terminal.signal }),
  )

  const accuracy = mazeAccuracy(videos)
  const each = Math.max(...videos.map((video) => video.samples.length))
  const base = path.join(evalDir, `mazes-accuracy-${videos.length}-${each}`)
  const text = report(accuracy, samples.samples.length)
  const record = {
    ...accuracy,
    frames: `${firstFrame}-${T - 1}`,
    videos,
    dataset: truth.name,
    left_out: samples.skipped.map(({ file, reason }) => ({ file, reason })),
    version: packageVersion(),
  }
  writeFileAtomic(`${base}.txt`, text)
  writeFileAtomic(`${base}.json`, `${JSON.stringify(record, null, 2)}\n`)
  terminal.log(text.trimEnd())
  terminal.log(`${base}.json says what each walk is like`)
}

function report({ accuracy, standardError, kinds }: MazeAccuracy, samples: number): string {
  const error = standardError === undefined ? '' : ` ± ${standardError.toFixed(1)}`
  const lines = MAZE_WALKS.map((kind) => {
    const { videos, accuracy } = kinds[kind]
    const right = accuracy === undefined ? '' : `, ${accuracy.toFixed(1)} % of their samples right`
    return `  ${kind}: ${counted(videos, 'true video')}${right}`
  })
  return `${[`accuracy: ${accuracy.toFixed(1)}${error} % of ${counted(samples, 'sample')}`, ...lines].join('\n')}\n`
}
