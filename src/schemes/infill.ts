import { fixedScheme } from './fixed-scheme.js'
import { spreadFrames } from './hierarchy.js'
import { DoneFrames } from './done-frames.js'
import { NearestFrames } from './nearest-frames.js'
import type { Stage } from './types.js'

/**
 * Fills in between any frames that are given, coarse to fine: each level halves the largest distance between
 * neighbouring done frames, until all are done.
 */
export const infill = fixedScheme({
  name: 'infill',
  summary: 'coarse to fine between any given frames (obs_frames)',
  anyFrames: true,
  first: spreadFrames,
  *plan({ videoLength, maxFrames, stepSize }, start): Generator<Stage, void, undefined> {
    const done = new DoneFrames(videoLength, start)
    const nearest = new NearestFrames(done)
    let spacing = coarsestSpacing(start, videoLength, stepSize)
    while (done.count < videoLength) {
      const level = framesBetween(done.from(0), videoLength, spacing)
      for (let at = 0; at < level.length;) {
        const latent = withRoom(level.slice(at, at + stepSize), done, maxFrames)
        const stage = { observed: nearest.around(latent, maxFrames - latent.length), latent }
        yield stage
        done.add(stage.latent)
        at += stage.latent.length
      }
      spacing = Math.ceil(spacing / 2)
    }
  },
})

/** The smallest spacing that needs no more than `step` new frames, so that the first stage spans the video. */
function coarsestSpacing(start: readonly number[], N: number, step: number): number {
  const ends = [0, N - 1].filter((frame, i, both) => !start.includes(frame) && both.indexOf(frame) === i)
  const gaps = distances(fixedFrames(start, N)).filter((distance) => distance > 1)
  const needed = (spacing: number) =>
    gaps.reduce((sum, gap) => sum + Math.ceil(gap / spacing) - 1, ends.length)
  let spacing = 1
  // Halving reaches the spacing of one frame from any spacing.
  while (spacing < N && needed(spacing) > step) spacing++
  return spacing
}

/**
 * The fewest frames that, evenly put between neighbours among `done`, leave none farther apart than
 * `spacing`; the first and the last frame of the video are among them.
 */
function framesBetween(done: readonly number[], N: number, spacing: number): number[] {
  const known = new Set(done)
  const fixed = fixedFrames(done, N)
  const between = distances(fixed)
  return fixed.flatMap((frame, i) => {
    const own = known.has(frame) ? [] : [frame]
    const distance = between[i] ?? 0
    const parts = Math.ceil(distance / spacing)
    const inner = Array.from({ length: Math.max(0, parts - 1) }, (_, j) =>
      Math.round(frame + ((j + 1) * distance) / parts),
    )
    return [...own, ...inner]
  })
}

const fixedFrames = (done: readonly number[], N: number) => [...new Set([0, ...done, N - 1])]

/** Of each frame from the next. */
const distances = (frames: readonly number[]) => frames.slice(1).map((frame, i) => frame - (frames[i] ?? NaN))

/** As many of the frames as leave room for a done one on each side of each. */
function withRoom(frames: readonly number[], done: DoneFrames, maxFrames: number): readonly number[] {
  const neighbours = new Set<number>()
  let count = 0
  for (const frame of frames) {
    for (const side of [done.previous(frame), done.next(frame)]) if (side !== undefined) neighbours.add(side)
    // One goes on what there is room for.
    if (count > 0 && count + 1 + neighbours.size > maxFrames) break
    count++
  }
  return frames.slice(0, count)
}
