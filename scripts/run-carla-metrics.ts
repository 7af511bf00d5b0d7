import path from 'node:path'
import type { DrivingMetrics } from '../src/carla/driving-metrics.js'
import { measureDrives, type DrivesResult } from '../src/carla/measure-drives.js'
import { readRealDrives, readSampledDrives } from '../src/carla/read-drives.js'
import { speedHistogram } from '../src/carla/speed-histogram.js'
import { townMap } from '../src/carla/town-map.js'
import type { DrivingConfig } from '../src/config/evaluation.js'
import { counted } from '../src/counted.js'
import { datasetDefaults } from '../src/data/registry.js'
import { UserError } from '../src/errors.js'
import { givenFrames } from '../src/evaluation/given-frames.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import type { Drawing } from '../src/pictures/drawing.js'
import { drawingPng } from '../src/pictures/drawing-png.js'
import { drawingSvg } from '../src/pictures/drawing-svg.js'
import { readModelConfig } from '../src/sampling/results/model-config.js'
import { packageVersion } from './package-version.js'
import type { Terminal } from './terminal.js'

/**
 * Compares the drives of a run's samples with real ones, prints WD and PO, and writes them as text and JSON
 * beside the samples, with a histogram of speeds and a map.
 * @throws UserError for options or files that do not work.
 */
export function runCarlaMetrics(options: DrivingConfig & { eval_dir: string }, terminal: Terminal): void {
  const { eval_dir: evalDir, sample_idx: sampleIdx, stride, pairs, fps, limit } = options
  const reference = options.reference === 'true' ? 'true' : 'regressed'
  const datasetDir = options.dataset_dir ?? ownDataset(evalDir)
  const { drives, skipped } = readSampledDrives(evalDir, { sampleIdx, skipBad: options.skip_bad })
  for (const reason of skipped) terminal.log(`left out: ${reason}`)
  const real = readRealDrives(datasetDir, reference)
  const longest = Math.max(...drives.map(({ positions }) => positions.length))
  const given = new Set(givenFrames(evalDir, options, longest))
  const isGiven = (frame: number) => given.has(frame)
  const result = measureDrives(drives, real, {
    ...{ stride, pairs: pairs === 'disjoint' ? 'disjoint' : 'all', framesPerSecond: fps, limit },
    ...(!options.count_given && { isGiven }),
  })

  const base = path.join(evalDir, `carla-metrics-${drives.length}-${sampleIdx}`)
  const text = report(result)
  const { total, videos } = result
  const settings = { stride, pairs, fps, limit, count_given: options.count_given, reference, dataset_dir: datasetDir } // prettier-ignore
  const record = { ...total, videos, settings, left_out: skipped, real_videos: real.length, version: packageVersion() } // prettier-ignore
  writeFileAtomic(`${base}.txt`, text)
  writeFileAtomic(`${base}.json`, `${JSON.stringify(record, null, 2)}\n`)
  const { sampled, real: realSpeeds } = result.speeds
  const longestStep = (limit * stride) / fps
  writePictures(`${base}-speeds`, speedHistogram(sampled, realSpeeds, limit))
  const mapped = drives.map(({ positions }) => ({ positions, isGiven }))
  writePictures(`${base}-map`, townMap(mapped, real, longestStep))
  terminal.log(text.trimEnd())
  terminal.log(`${base}.txt, .json, -speeds.svg and -map.svg (.png) hold these and more`)
}

/** The folder of the data set that a run's model was trained on. */
function ownDataset(evalDir: string): string {
  const { dataset, data_dir: dataDir } = readModelConfig(evalDir)
  if (typeof dataDir === 'string' && dataDir !== '') return dataDir
  const folder = typeof dataset === 'string' ? datasetDefaults(dataset).folder : undefined
  if (folder === undefined)
    throw new UserError(`${evalDir} does not say which data set it belongs to: give --dataset_dir`)
  return folder
}

function writePictures(base: string, drawing: Drawing): void {
  writeFileAtomic(`${base}.svg`, drawingSvg(drawing))
  writeFileAtomic(`${base}.png`, drawingPng(drawing))
}

function report({ total, videos }: DrivesResult): string {
  const lines = videos.map(({ name, metrics }) =>
    metrics ? `${name}: ${line(metrics)}` : `${name}: too short for a speed`,
  )
  return `${[...lines, `all ${videos.length}: ${line(total)}`].join('\n')}\n`
}

function line({ distance, outliers, pairs }: DrivingMetrics): string {
  const wd = distance === undefined ? 'none, as all speeds are outliers' : `${distance.toFixed(3)} m/s`
  return `WD ${wd}, PO ${outliers.toFixed(2)} % of ${counted(pairs, 'speed')}`
}
