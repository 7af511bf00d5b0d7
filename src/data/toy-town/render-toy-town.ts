import { existsSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../../errors.js'
import { namesIn } from '../../files/names-in.js'
import { readText } from '../../files/read-text.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { nextTurn } from '../../next-turn.js'
import { tensor, writeTorchFile } from '../../torch-file/index.js'
import { writeNpy } from '../npy.js'
import { FRAMES_PER_SECOND, simulateDrive } from './drive.js'
import { createRenderer, type Renderer } from './renderer.js'
import { requireRoom, requireShortVideos } from './require-room.js'

export interface ToyTownSettings {
  /** Height and width of a frame in pixels. */
  readonly size: number
  /** Frames per video, ten a second. */
  readonly frames: number
  /** How many videos to train on, numbered from 0. */
  readonly train: number
  /** How many to test on; their numbers follow. */
  readonly test: number
  /** Chooses the drives. The town itself is always the same. */
  readonly seed: number
}

export interface RenderToyTownOptions extends ToyTownSettings {
  readonly directory: string
  /** Called after each video, and once before the first. */
  readonly onProgress?: ((done: number, total: number, note: string) => void) | undefined
  /** Stops after a frame, with the videos that are done; the error is the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Part of `toy-town.json`: to be raised when the town or its drivers change. */
const TOWN_VERSION = 1

/**
 * Renders the data set `toy_town` in CARLA's files: `video_<i>.pt`, uint8 (T, H, W, 3); `coords_<i>.npy`,
 * float32 (T, 2), metres; `video_train.csv` and `video_test.csv`. Videos that are there already are kept,
 * so an interrupted run can be repeated; the lists are written last, so that a data set with lists is
 * whole. The same settings give the same bytes.
 * @throws UserError if the folder holds videos of other settings, or cannot be written to; if a video is too long or
 * there is no room for all, with nothing written.
 */
export async function renderToyTown(options: RenderToyTownOptions): Promise<void> {
  const { directory, onProgress, signal } = options
  const settings = settingsOf(options)
  const total = settings.train + settings.test
  requireShortVideos(settings)
  requireRoom(directory, settings, total - renderedIn(directory, total))
  claimFolder(directory, settings)
  let renderer: Renderer | undefined
  for (let number = 0; number < total; number++) {
    onProgress?.(number, total, '')
    if (isRendered(directory, number)) continue
    renderer ??= createRenderer(settings.size)
    await renderVideo(directory, number, settings, renderer, signal)
  }
  writeFileAtomic(path.join(directory, 'video_train.csv'), list(0, settings.train))
  writeFileAtomic(path.join(directory, 'video_test.csv'), list(settings.train, settings.test))
  onProgress?.(total, total, '')
}

function settingsOf({ size, frames, train, test, seed }: ToyTownSettings): ToyTownSettings {
  for (const [name, value] of Object.entries({ image_size: size, frames, train, test }))
    if (!Number.isInteger(value) || value < 1)
      throw new UserError(`--${name} takes an integer of at least 1, not ${value}`)
  return { size, frames, train, test, seed }
}

/** Writes the settings into a new folder, or compares them with those of an old one. */
function claimFolder(directory: string, settings: ToyTownSettings): void {
  const file = path.join(directory, 'toy-town.json')
  const description = JSON.stringify(
    { ...settings, frames_per_second: FRAMES_PER_SECOND, version: TOWN_VERSION },
    null,
    2,
  )
  if (existsSync(file)) {
    if (readText(file).trim() === description) return
    throw new UserError(
      `${directory} holds a toy town of other settings (see toy-town.json): choose another folder with --data_dir, or delete that one`,
    )
  }
  if (existsSync(path.join(directory, 'video_0.pt')))
    throw new UserError(
      `${directory} holds videos that are not the toy town's: choose another folder with --data_dir`,
    )
  writeFileAtomic(file, description + '\n')
}

const videoFile = (directory: string, number: number) => path.join(directory, `video_${number}.pt`)
const coordsFile = (directory: string, number: number) => path.join(directory, `coords_${number}.npy`)

const isRendered = (directory: string, number: number) =>
  existsSync(videoFile(directory, number)) && existsSync(coordsFile(directory, number))

/** How many of the first so many videos are there. */
function renderedIn(directory: string, total: number): number {
  const names = new Set(namesIn(directory))
  const isDone = (name: string) => {
    const number = /^video_(\d+)\.pt$/.exec(name)?.[1]
    return number !== undefined && Number(number) < total && names.has(`coords_${number}.npy`)
  }
  return [...names].filter(isDone).length
}

async function renderVideo(
  directory: string,
  number: number,
  settings: ToyTownSettings,
  render: Renderer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { size, frames, seed } = settings
  const poses = simulateDrive(seed, number, frames)
  const coords = Float32Array.from(poses.flatMap(({ x, y }) => [x, y]))
  const pixels = new Uint8Array(frames * size * size * 3)
  for (const [frame, pose] of poses.entries()) {
    pixels.set(render(pose), frame * size * size * 3)
    await nextTurn(signal)
  }
  writeNpy(coordsFile(directory, number), { dtype: 'float32', shape: [frames, 2], data: coords })
  writeTorchFile(videoFile(directory, number), tensor('uint8', [frames, size, size, 3], pixels))
}

/** CARLA's lists: a header and numbered rows. Readers of such lists take what follows the last slash of a line. */
function list(first: number, count: number): string {
  const rows = Array.from({ length: count }, (_, row) => `${row},./video_${first + row}.pt\n`)
  return `,path\n${rows.join('')}`
}
