import path from 'node:path'
import { counted } from '../../counted.js'
import { carlaFiles } from '../../data/carla-files.js'
import { openVideoFile, type VideoFile } from '../../data/video-file.js'
import { UserError } from '../../errors.js'
import { readCoordinates } from '../coordinate-files.js'

/** A video, and where each of its frames was taken. */
export interface PlacedVideo {
  readonly video: VideoFile
  readonly coordinatesFile: string
  /** [x, y] of each frame, metres */
  readonly coordinates: readonly (readonly [number, number])[]
}

/** Height and width, pixels. */
export type FrameSize = readonly [height: number, width: number]

/**
 * Opens the videos of one split of a folder in CARLA's form, and reads their coordinates. Of each video the first frame
 * is read, which finds a file that is not whole.
 * @param size what the frames have to have; undefined: what most of them have
 * @throws UserError naming the file that is missing, damaged, of another size, or does not belong to the one beside it.
 */
export function openPlacedVideos(folder: string, split: 'train' | 'test', size?: FrameSize): PlacedVideo[] {
  const placed = carlaFiles(folder, split).map((file) => openPlaced(folder, file))
  if (placed.length === 0) throw new UserError(`${path.join(folder, `video_${split}.csv`)} lists no videos`)
  requireOneSize(
    placed.map(({ video }) => video),
    size,
  )
  return placed
}

function openPlaced(folder: string, file: string): PlacedVideo {
  const name = path.basename(file)
  const coordinatesFile = path.join(folder, name.replace(/^video_/, 'coords_').replace(/\.pt$/, '.npy'))
  const coordinates = readCoordinates(coordinatesFile)
  const video = openVideoFile(file)
  if (coordinates.length !== video.frames)
    throw new UserError(
      `${coordinatesFile} has ${counted(coordinates.length, 'position')}, ` +
        `but ${file} has ${counted(video.frames, 'frame')}: one of them is not whole, or not of this drive`,
    )
  video.read([0])
  return { video, coordinatesFile, coordinates }
}

function requireOneSize(videos: readonly VideoFile[], size: FrameSize | undefined): void {
  const sizeOf = ({ height, width }: VideoFile) => `${height}x${width}`
  const counts = new Map<string, number>()
  for (const video of videos) counts.set(sizeOf(video), (counts.get(sizeOf(video)) ?? 0) + 1)
  const [[most, count] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a)
  const expected = size?.join('x') ?? most
  const odd = videos.find((video) => sizeOf(video) !== expected)
  if (!odd) return
  const found = `${odd.file} has frames of ${sizeOf(odd)} pixels`
  if (size) throw new UserError(`${found}, those to train on have ${expected}`)
  // Of two that differ nobody knows which is wrong.
  if (2 * count > videos.length)
    throw new UserError(`${found}, ${counted(count, 'other video has', 'other videos have')} ${expected}`)
  const other = videos.find((video) => sizeOf(video) === expected)
  throw new UserError(`${found}, ${other?.file} of ${expected}: they must be of one size`)
}
