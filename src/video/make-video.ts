import type { VideoConfig } from '../config/sampling.js'
import type { VideoDataset } from '../data/dataset.js'
import { UserError } from '../errors.js'
import { writeFileAtomic } from '../files.js'
import { isFolder } from '../make-folder.js'
import { readModelConfig, type SampledConfig } from '../sampling/model-config.js'
import { sampleFile, videoFile } from '../sampling/results-layout.js'
import { readSample } from '../sampling/sample-file.js'
import type { Film } from '../sampling/video-batch.js'
import { range } from '../schemes/range.js'
import { markObserved } from './border.js'
import { encodeFilm } from './encode.js'
import { enlarge } from './enlarge.js'
import { encodeGif } from './gif.js'
import { filmGrid } from './grid.js'
import { contactSheet, encodePng } from './png.js'

/** Frames per row of a sheet. */
const SHEET_COLUMNS = 10

/** What the `make-mp4` command works with. */
export interface MakeVideoInputs {
  readonly options: VideoConfig
  /** Opens the test videos that a run completed, given its `model_config.json` and its number of frames. */
  readonly openTruth: (config: SampledConfig, T: number) => Promise<VideoDataset>
  /** Path of the ffmpeg program; only mp4, avi and webm need it. */
  readonly ffmpeg: () => string | undefined
}

/**
 * Puts the first videos of a run into one film or picture: truth on top, samples below one another, videos
 * side by side; in a picture, one row for each of them.
 * @returns the file written
 * @throws UserError naming the sample that is missing or damaged, or what else stands in the way.
 */
export async function makeVideo({ options, openTruth, ffmpeg }: MakeVideoInputs): Promise<string> {
  const { eval_dir: evalDir, out_dir: outDir = evalDir, format, do_n: doN, n_seeds: nSeeds, fps } = options
  if (evalDir === undefined || outDir === undefined)
    throw new UserError('--eval_dir is missing: name the folder that sample wrote to')
  if (!isFolder(evalDir))
    throw new UserError(`there is no folder ${evalDir}: give the one that sample wrote to as --eval_dir`)
  const file = videoFile(outDir, doN, nSeeds, format)
  const columns = await readColumns(evalDir, options, openTruth)
  const finish = (film: Film) => enlarge(film, options.scale)
  switch (format) {
    case 'png':
      writeFileAtomic(file, encodePng(finish(contactSheet(columns.flat(), SHEET_COLUMNS))))
      break
    case 'gif':
      writeFileAtomic(file, encodeGif(finish(filmGrid(columns)), fps))
      break
    default:
      await encodeFilm(finish(filmGrid(columns)), { file, format, fps, program: required(ffmpeg(), format) })
  }
  return file
}

/** One column per video: the truth if asked for, then the samples; all of the same length and size. */
async function readColumns(
  evalDir: string,
  { do_n: doN, n_seeds: nSeeds, obs_length: obsLength, add_gt: addTruth, T: wanted }: VideoConfig,
  openTruth: MakeVideoInputs['openTruth'],
): Promise<Film[][]> {
  const columns = range(doN).map((video) =>
    range(nSeeds).map((seed) => ({ file: sampleFile(evalDir, video, seed), video })),
  )
  const samples = columns.map((column) => column.map(({ file }) => ({ file, film: readSample(file) })))
  const [T, size] = checkShapes(samples.flat(), wanted)
  const films = samples.map((column) => column.map(({ film }) => firstFrames(film, T)))
  if (addTruth) {
    const truth = await openTruth(readModelConfig(evalDir), T)
    for (const [video, column] of films.entries()) column.unshift(await readTruth(truth, video, T, size))
  }
  return films.map((column) => column.map((film) => markObserved(film, obsLength)))
}

/** How many frames to show, and the pixels of a side. */
function checkShapes(samples: readonly { file: string; film: Film }[], wanted: number): [number, number] {
  const [length = 0, H = 0, W = 0] = samples[0]?.film.shape ?? []
  for (const { file, film } of samples)
    if (film.shape[0] !== length || film.shape[1] !== H || film.shape[2] !== W)
      throw new UserError(
        `${file} is of shape (${film.shape.join(', ')}), the first sample of (${length}, ${H}, ${W}, 3)`,
      )
  if (wanted === 0 || wanted > length)
    throw new UserError(`--T takes -1 or 1 to ${length}, the frames of each sample, not ${wanted}`)
  return [wanted === -1 ? length : wanted, H]
}

async function readTruth(truth: VideoDataset, video: number, T: number, size: number): Promise<Film> {
  if (video >= truth.length || T > truth.frameCount(video))
    throw new UserError(
      `the data set ${truth.name} has no true video ${video} of ${T} frames: leave it out with --add_gt False`,
    )
  if (truth.imageSize !== size)
    throw new UserError(
      `samples are ${size} pixels wide, the videos of ${truth.name} ${truth.imageSize}: use --add_gt False`,
    )
  return { shape: [T, size, size, 3], data: await truth.readFrames(video, range(T)) }
}

function firstFrames({ shape: [, H, W, C], data }: Film, T: number): Film {
  return { shape: [T, H, W, C], data: data.subarray(0, T * H * W * C) }
}

function required(program: string | undefined, format: string): string {
  if (program === undefined)
    throw new UserError(`--format ${format} needs ffmpeg: run "npx fdm setup", or use --format gif`)
  return program
}
