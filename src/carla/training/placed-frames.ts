import type { VideoFile } from '../../data/video-file.js'
import { UserError } from '../../errors.js'
import { cellOf } from '../town-cells.js'
import { openPlacedVideos, type FrameSize } from './open-placed-videos.js'

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
 * which coordinates are its own. Frames are read when they are asked for; that there are as many as coordinates, all
 * of one size, in files that are whole, is found out here.
 * @param stride every so many frames of each video
 * @param size what the frames have to have; undefined: what most videos have
 * @throws UserError naming the file that is missing, damaged, of another size, or outside of the town.
 */
export function openPlacedFrames(
  folder: string,
  split: 'train' | 'test',
  stride: number,
  size?: FrameSize,
): PlacedDataset & { readonly size: FrameSize } {
  const places: {
    readonly video: VideoFile
    readonly frame: number
    readonly x: number
    readonly y: number
    readonly cell: number
  }[] = []
  const videos = openPlacedVideos(folder, split, size)
  for (const { video, coordinatesFile, coordinates } of videos)
    coordinates.forEach(([x, y], frame) => {
      if (frame % stride === 0)
        places.push({ video, frame, x, y, cell: cellIn(coordinatesFile, frame, x, y) })
    })
  const { height = 0, width = 0 } = videos[0]?.video ?? {}
  return {
    count: places.length,
    size: [height, width],
    read(frames) {
      const chosen = frames.map((frame) => {
        const place = places[frame]
        if (!place) throw new RangeError(`there is no frame ${frame}`)
        return place
      })
      return {
        pixels: Uint8Array.from(Buffer.concat(chosen.map(({ video, frame }) => video.read([frame])))),
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
