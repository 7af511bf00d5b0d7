import { mean } from '../../mean.js'
import { MAZE_WALKS, type MazeWalk } from './maze-walk.js'
import type { MazeVideo } from './measure-mazes.js'

export interface MazeAccuracy {
  /** Percentage of samples whose walk is of the kind of the true one. */
  readonly accuracy: number
  /** Standard error over the numbers of samples; undefined where there is one of each video. */
  readonly standardError: number | undefined
  /** How many true walks are of each kind, and the percentage of their samples that are right; if any. */
  readonly kinds: Readonly<
    Record<MazeWalk, { readonly videos: number; readonly accuracy: number | undefined }>
  >
}

/**
 * How often samples go the way of the true walk. As in the paper, an accuracy is taken over the first samples
 * of all videos, another over their second ones, and so on: mean and standard error are over those.
 * @param videos at least one, each with samples
 */
export function mazeAccuracy(videos: readonly MazeVideo[]): MazeAccuracy {
  const judged = videos.flatMap(({ truth, samples }) =>
    samples.map(({ sampleIdx, walk }) => ({ truth, sampleIdx, isRight: walk === truth })),
  )
  const indices = [...new Set(judged.map(({ sampleIdx }) => sampleIdx))]
  const rounds = indices.map((idx) => percentage(judged.filter(({ sampleIdx }) => sampleIdx === idx)))
  const accuracy = mean(rounds)
  const variance = mean(rounds.map((one) => (one - accuracy) ** 2))
  const ofKind = (kind: MazeWalk) => {
    const samples = judged.filter(({ truth }) => truth === kind)
    return {
      videos: videos.filter(({ truth }) => truth === kind).length,
      accuracy: samples.length === 0 ? undefined : percentage(samples),
    }
  }
  return {
    accuracy,
    standardError: rounds.length < 2 ? undefined : Math.sqrt(variance / (rounds.length - 1)),
    kinds: Object.fromEntries(MAZE_WALKS.map((kind) => [kind, ofKind(kind)])) as MazeAccuracy['kinds'],
  }
}

const percentage = (judged: readonly { readonly isRight: boolean }[]) =>
  (100 * judged.filter(({ isRight }) => isRight).length) / judged.length
