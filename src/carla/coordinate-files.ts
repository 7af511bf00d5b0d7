import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { byName } from '../data/by-name.js'
import { readNpy, writeNpy } from '../data/npy.js'
import { openVideoFile } from '../data/video-file.js'
import { UserError } from '../errors.js'
import { samplesFolder } from '../sampling/results/results-layout.js'
import { readSample, readSampleShape } from '../sampling/results/sample-file.js'
import { range } from '../schemes/range.js'
import { isMissing } from '../system-errors.js'

/** A video whose coordinates are wanted, and the file for them. */
export interface CoordinateTask {
  readonly video: string
  /** .npy, float32 (T, 2), metres */
  readonly output: string
  /** Looks at its header. @throws UserError naming the file if it is damaged, empty or holds something else. */
  check(): void
  /** Reads all of it. @throws UserError naming the file if it is damaged or holds something else. */
  read(): { readonly pixels: Uint8Array; readonly height: number; readonly width: number }
}

/** Where the coordinates of a run's samples go. */
export function runCoordinates(evalDir: string): string {
  return path.join(evalDir, 'coords')
}

/**
 * Where the coordinates of a data set's videos go: `results/<folder>/coords`.
 * @throws UserError if the folder lies outside of the working folder, where results would end up anywhere.
 */
export function datasetCoordinates(datasetDir: string): string {
  if (path.normalize(datasetDir).split(path.sep).includes('..'))
    throw new UserError(`--dataset_dir takes a folder without "..", not ${datasetDir}`)
  return path.join('results', datasetDir, 'coords')
}

/**
 * All samples of a run.
 * @throws UserError if there are none.
 */
export function sampleTasks(evalDir: string): CoordinateTask[] {
  const folder = samplesFolder(evalDir)
  return videosIn(folder, /^sample_.*\.npy$/s).map((name) => ({
    video: path.join(folder, name),
    output: path.join(runCoordinates(evalDir), name),
    check() {
      readSampleShape(path.join(folder, name))
    },
    read() {
      const { data, shape } = readSample(path.join(folder, name))
      return { pixels: data, height: shape[1], width: shape[2] }
    },
  }))
}

/**
 * All videos of a folder in CARLA's form, of both splits.
 * @throws UserError if there are none.
 */
export function datasetTasks(datasetDir: string): CoordinateTask[] {
  const output = datasetCoordinates(datasetDir)
  return videosIn(datasetDir, /^video_\d+\.pt$/).map((name) => ({
    video: path.join(datasetDir, name),
    output: path.join(output, name.replace(/\.pt$/, '.npy')),
    check() {
      openVideoFile(path.join(datasetDir, name))
    },
    read() {
      const video = openVideoFile(path.join(datasetDir, name))
      return { pixels: video.read(range(video.frames)), height: video.height, width: video.width }
    },
  }))
}

/** Whether a video's coordinates are there already. */
export function isDone({ output }: CoordinateTask): boolean {
  return existsSync(output)
}

export function writeCoordinates(file: string, coordinates: Float32Array<ArrayBuffer>): void {
  writeNpy(file, { dtype: 'float32', shape: [coordinates.length / 2, 2], data: coordinates })
}

/**
 * Reads coordinates: ours, or those of a data set, of which a third number, the height, does not count.
 * @returns one [x, y] per frame, metres
 * @throws UserError naming the file if it is missing, damaged or holds something else.
 */
export function readCoordinates(file: string): [number, number][] {
  const { dtype, shape, data } = readNpy(file)
  const [T = 0, width = 0] = shape
  if (!dtype.startsWith('float') || shape.length !== 2 || width < 2 || width > 3)
    throw new UserError(
      `${file} holds no coordinates: expected numbers (T, 2) or (T, 3), got ${dtype} (${shape.join(', ')})`,
    )
  if (T === 0) throw new UserError(`${file} is empty: it has no position of any frame`)
  const positions = range(T).map((t): [number, number] => [
    Number(data[t * width]),
    Number(data[t * width + 1]),
  ])
  const bad = positions.findIndex((position) => !position.every(Number.isFinite))
  if (bad !== -1) throw new UserError(`${file} has no position for frame ${bad}`)
  return positions
}

function videosIn(folder: string, pattern: RegExp): string[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new UserError(`${folder} does not exist: name the folder that holds the videos`, { cause: error })
  }
  const videos = names.filter((name) => pattern.test(name)).sort(byName)
  if (videos.length === 0) throw new UserError(`${folder} holds no videos`)
  return videos
}
