import path from 'node:path'
import { counted } from '../../counted.js'
import { carlaFiles } from '../../data/carla-files.js'
import { openVideoFile } from '../../data/video-file.js'
import { UserError } from '../../errors.js'
import { readCoordinates } from '../coordinate-files.js'
import { cellOf } from '../town-cells.js'

/** Frames, and where they were taken. */
export interface PlacedFrames {
  /** (N, height, width, 3) */
  readonly pixels: Uint8Array
  readonly height: number
  readonly width: number
  /** (N, 2), metres */
  readonly coordinates: Float32Array
  /** (N): cells of the town */
  readonly cells: Int32Array
}

/** The frames of all videos of one split, in one row. */
export interface PlacedDataset {
  readonly count: number
  /** Reads only the frames asked for. */
  read(frames: readonly number[]): PlacedFrames
}

/**
 * Opens the frames of a folder in CARLA's form with their coordinates. Only the file name of a video tells
 * which coordinates are its own.
 * @param stride every so many frames of each video
 * @throws UserError naming the file that is missing, damaged, of another size, or outside of the town.
 */
export function openPlacedFrames(folder: string, split: 'train' | 'test', stride: number): PlacedDataset {
  const places: {
    readonly file: string
    readonly frame: number
    readonly x: number
    readonly y: number
    readonly cell: number
  }[] = []
  for (const file of carlaFiles(folder, split)) {
    const name = path.basename(file)
    const coordinates = path.join(folder, name.replace(/^video_/, 'coords_').replace(/\.pt$/, '.npy'))
    readCoordinates(coordinates).forEach(([x, y], frame) => {
      if (frame % stride === 0) places.push({ file, frame, x, y, cell: cellIn(coordinates, frame, x, y) })
    })
  }
  let size: readonly [number, number] | undefined
  return {
    count: places.length,
    read(frames) {
      const chosen = frames.map((frame) => {
        const place = places[frame]
        if (!place) throw new RangeError(`there is no frame ${frame}`)
        return place
      })
      const pictures = chosen.map(({ file, frame }) => {
        const video = openVideoFile(file)
        size ??= [video.height, video.width]
        if (video.height !== size[0] || video.width !== size[1])
          throw new UserError(
            `${file} has frames of ${video.height}x${video.width} pixels, others have ${size.join('x')}`,
          )
        if (frame >= video.frames)
          throw new UserError(
            `${file} has ${counted(video.frames, 'frame')}, but there are coordinates of more`,
          )
        return video.read([frame])
      })
      const [height, width] = size ?? [0, 0]
      return {
        pixels: Uint8Array.from(Buffer.concat(pictures)),
        ...{ height, width },
        coordinates: Float32Array.from(chosen.flatMap(({ x, y }) => [x, y])),
        cells: Int32Array.from(chosen, ({ cell }) => cell),
      }
    },
  }
}

function cellIn(file: string, frame: number, x: number, y: number): number {
  try {
    return cellOf(x, y)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${file} frame ${frame}: ${error.message}`, { cause: error })
  }
}
