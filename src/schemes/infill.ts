import { DoneFrames } from './done-frames.js'
import { fixedScheme } from './fixed-scheme.js'
import { spreadFrames } from './hierarchy.js'
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
    let spacing = coarsestSpacing(start, videoLength, stepSize)
    while (done.count < videoLength) {
      const level = framesBetween(done.from(0), videoLength, spacing)
      for (let at = 0; at < level.length;) {
        const stage = around(level.slice(at, at + stepSize), done, maxFrames)
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
  let spacing = 1
  // Halving reaches the spacing of one frame from any spacing.
  while (spacing < N && framesBetween(start, N, spacing).length > step) spacing++
  return spacing
}

/**
 * The fewest frames that, evenly put between neighbours among `done`, leave none farther apart than
 * `spacing`; the first and the last frame of the video are among them.
 */
function framesBetween(done: readonly number[], N: number, spacing: number): number[] {
  const known = new Set(done)
  const fixed = [...new Set([0, ...done, N - 1])]
  return fixed.flatMap((frame, i) => {
    const own = known.has(frame) ? [] : [frame]
    const distance = (fixed[i + 1] ?? frame) - frame
    const parts = Math.ceil(distance / spacing)
    const between = Array.from({ length: Math.max(0, parts - 1) }, (_, j) =>
      Math.round(frame + ((j + 1) * distance) / parts),
    )
    return [...own, ...between]
  })
}

/** As many of the frames as leave room for a done one on each side of each, and the nearest done ones. */
function around(frames: readonly number[], done: DoneFrames, maxFrames: number): Stage {
  for (let count = frames.length; ; count--) {
    const latent = frames.slice(0, count)
    const places = maxFrames - count
    const neighbours = nearest(latent, done, 1, Infinity)
    if (count > 1 && neighbours.size > places) continue
    const observed = nearest(latent, done, places, places)
    return { observed: [...observed].sort((a, b) => a - b), latent }
  }
}

/** Done frames, at most `count`: first the nearest on both sides of each frame, then the second nearest, .. */
function nearest(frames: readonly number[], done: DoneFrames, rounds: number, count: number): Set<number> {
  const before = frames.map((frame) => done.before(frame, rounds))
  const after = frames.map((frame) => done.from(frame + 1, Infinity, rounds))
  const taken = new Set<number>()
  for (let round = 0; round < rounds; round++)
    for (const side of frames.flatMap((_, i) => [before[i]?.[round], after[i]?.[round]]))
      if (side !== undefined && taken.size < count) taken.add(side)
  return taken
}
