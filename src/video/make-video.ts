import type { VideoConfig } from '../config/sampling.js'
import type { VideoDataset } from '../data/dataset.js'
import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'
import { isFolder } from '../files/make-folder.js'
import { writeFileAtomic } from '../files/write-file.js'
import { inTurns } from '../in-turns.js'
import { nextTurn } from '../next-turn.js'
import { readModelConfig, type SampledConfig } from '../sampling/results/model-config.js'
import { videoFile } from '../sampling/results/results-layout.js'
import { readSample } from '../sampling/results/sample-file.js'
import { sampleSet } from '../sampling/results/sample-set.js'
import type { Film } from '../sampling/videos/video-batch.js'
import { parseObservedFrames } from '../schemes/observed-frames.js'
import { range } from '../schemes/range.js'
import { encodeFilm } from './encode.js'
import { enlarge } from './enlarge.js'
import { gridFrames } from './film-frames.js'
import { gifSteps } from './gif.js'
import { markObserved } from './mark-observed.js'
import { contactSheet } from './png.js'
import { encodePngRows, type PngRows } from './png-rows.js'

/** Frames per row of a sheet. */
const SHEET_COLUMNS = 10
const GREY = 128
/** Programs show a GIF whose frames are to last a hundredth of a second at ten frames a second. */
const GIF_RATE = 50

/** What the `make-mp4` command works with. */
export interface MakeVideoInputs {
  readonly options: VideoConfig
  /** Opens the test videos that a run completed, given its `model_config.json` and its number of frames. */
  readonly openTruth: (config: SampledConfig, T: number) => Promise<VideoDataset>
  /** Path of the ffmpeg program; only mp4, avi and webm need it. */
  readonly ffmpeg: () => string | undefined
  /** Told of each sample that is left out. */
  readonly onLeftOut?: ((line: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Puts the first videos of a run into one film or picture: truth on top, samples below one another, videos
 * side by side; in a picture, one row for each of them.
 * @returns the file written
 * @throws UserError naming and counting the samples that are missing or damaged, unless they are to be skipped, or what else stands in the way;
 *   the signal's reason, if the person wants to stop.
 */
export async function makeVideo(inputs: MakeVideoInputs): Promise<string> {
  const { options, ffmpeg, signal } = inputs
  const { eval_dir: evalDir, out_dir: outDir = evalDir, format, do_n: doN, n_seeds: nSeeds, fps } = options
  if (evalDir === undefined || outDir === undefined)
    throw new UserError('--eval_dir is missing: name the folder that sample wrote to')
  if (!isFolder(evalDir))
    throw new UserError(`there is no folder ${evalDir}: give the one that sample wrote to as --eval_dir`)
  if (format === 'gif' && fps > GIF_RATE)
    throw new UserError(`a GIF shows at most ${GIF_RATE} frames a second, not ${fps}: use another --format`)
  const file = videoFile(outDir, doN, nSeeds, format)
  const columns = await readColumns(evalDir, inputs)
  await nextTurn(signal)
  switch (format) {
    case 'png': {
      const sheet = contactSheet(columns.flat(), SHEET_COLUMNS)
      writeFileAtomic(file, await encodePngRows(enlargedRows(sheet, options.scale), signal))
      break
    }
    case 'gif':
      writeFileAtomic(file, await inTurns(gifSteps(gridFrames(columns, options.scale), fps), signal))
      break
    default: {
      const program = required(ffmpeg(), format)
      await encodeFilm(gridFrames(columns, options.scale), { file, format, fps, program, signal })
    }
  }
  return file
}

/** The rows of a film of one frame, each pixel a square of `scale` x `scale`. */
function enlargedRows({ shape: [, H, W], data }: Film, scale: number): PngRows {
  function* rows() {
    for (let y = 0; y < H; y++) {
      const row: Film = { shape: [1, 1, W, 3], data: data.subarray(y * W * 3, (y + 1) * W * 3) }
      const enlarged = enlarge(row, scale).data.subarray(0, W * scale * 3)
      for (let copy = 0; copy < scale; copy++) yield enlarged
    }
  }
  return { width: W * scale, height: H * scale, rows: rows() }
}

/** One column per video: the truth if asked for, then the samples; all of the same length and size. */
async function readColumns(
  evalDir: string,
  { options, openTruth, onLeftOut, signal }: MakeVideoInputs,
): Promise<Film[][]> {
  const {
    do_n: doN,
    n_seeds: nSeeds,
    obs_length: obsLength,
    obs_frames: obsFrames,
    add_gt: addTruth,
  } = options
  const set = sampleSet(evalDir, {
    numVideos: doN,
    sampleIndices: range(nSeeds),
    skipBad: options.skip_bad,
  })
  for (const { file, reason } of set.skipped) onLeftOut?.(`left out: ${file} ${reason}`)
  const T = shownFrames(options.T, set.shape[0])
  const [, H, W] = set.shape
  const files = new Map(set.samples.map(({ video, sampleIdx, file }) => [`${video}-${sampleIdx}`, file]))
  if (obsFrames === '' && obsLength > set.shape[0])
    throw new UserError(
      `--obs_length takes 0 to ${set.shape[0]}, the frames of each sample, not ${obsLength}`,
    )
  const observed = obsFrames === '' ? obsLength : parseObservedFrames(obsFrames, T)
  const marked = (film: Film) =>
    markObserved(film, typeof observed === 'number' ? range(Math.min(observed, T)) : observed)
  const truth = addTruth ? await openTruth(readModelConfig(evalDir), T) : undefined
  const columns: Film[][] = []
  for (const video of range(doN)) {
    const column = truth ? [marked(await readTruth(truth, video, T, H))] : []
    for (const seed of range(nSeeds)) {
      await nextTurn(signal)
      const file = files.get(`${video}-${seed}`)
      column.push(file === undefined ? emptyFilm([T, H, W, 3]) : marked(firstFrames(readSample(file), T)))
    }
    columns.push(column)
  }
  return columns
}

function shownFrames(wanted: number, length: number): number {
  if (wanted === 0 || wanted > length)
    throw new UserError(`--T takes -1 or 1 to ${length}, the frames of each sample, not ${wanted}`)
  return wanted === -1 ? length : wanted
}

/** What stands in a grid for a sample that cannot be used. */
function emptyFilm(shape: Film['shape']): Film {
  return { shape, data: new Uint8Array(elementCount(shape)).fill(GREY) }
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
