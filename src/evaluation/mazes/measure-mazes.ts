import type { VideoDataset } from '../../data/dataset.js'
import { UserError } from '../../errors.js'
import { nextTurn } from '../../next-turn.js'
import { readSample } from '../../sampling/results/sample-file.js'
import { samplesByVideo, type SampleSet } from '../../sampling/results/sample-set.js'
import { range } from '../../schemes/range.js'
import { checkTruth } from '../check-truth.js'
import { hallwayPixels, MAZE_FRAME_SIZE } from './hallway-pixels.js'
import { mazeWalk, type MazeWalk } from './maze-walk.js'

/** What a true walk is like, and what its samples are. */
export interface MazeVideo {
  readonly video: number
  readonly truth: MazeWalk
  readonly samples: readonly { readonly sampleIdx: number; readonly walk: MazeWalk }[]
}

export interface MazesInputs {
  readonly samples: SampleSet
  /** The test videos that were completed. */
  readonly truth: VideoDataset
  /** The first frame that counts: the one after those that were given. */
  readonly firstFrame: number
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Tells what each sample's walk through its maze is like, and what the true one is.
 * @throws UserError naming what cannot be read or does not fit.
 */
export async function measureMazes(inputs: MazesInputs): Promise<MazeVideo[]> {
  const { samples: set, truth, firstFrame, onProgress, signal } = inputs
  const [T, height, width] = set.shape
  if (height !== MAZE_FRAME_SIZE || width !== MAZE_FRAME_SIZE)
    throw new UserError(
      `walks are told apart in frames of ${MAZE_FRAME_SIZE}x${MAZE_FRAME_SIZE} pixels, samples have ${width}x${height}`,
    )
  checkTruth(set, truth)
  const walkOf = (film: Uint8Array) => {
    const size = height * width * 3
    return mazeWalk(range(firstFrame, T).map((t) => hallwayPixels(film.subarray(t * size, (t + 1) * size))))
  }
  const videos: MazeVideo[] = []
  const groups = samplesByVideo(set)
  for (const [video, samples] of groups) {
    await nextTurn(signal)
    videos.push({
      video,
      truth: walkOf(await truth.readFrames(video, range(T))),
      samples: samples.map(({ sampleIdx, file }) => ({ sampleIdx, walk: walkOf(readSample(file).data) })),
    })
    onProgress?.(videos.length, groups.size)
  }
  return videos
}
