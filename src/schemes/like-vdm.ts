import { UserError } from '../errors.js'
import { DoneFrames } from './done-frames.js'
import { fixedScheme } from './fixed-scheme.js'
import { range } from './range.js'
import type { Stage } from './types.js'

/** Every fourth frame first. */
const EVERY = 4

/**
 * The schedule of Video Diffusion Models (Ho et al. 2022) with one network: every fourth frame, each stage
 * from the latest of them; then those between, three at a time between two done frames.
 */
export const likeVdm = fixedScheme({
  name: 'like-vdm',
  summary: 'every fourth frame first, then those between, as Video Diffusion Models do',
  check({ maxFrames }) {
    if (maxFrames <= EVERY)
      throw new UserError(
        `like-vdm samples three frames between two done ones: max_frames = ${maxFrames} must be at least 5`,
      )
  },
  *plan({ videoLength, maxFrames, stepSize }, start): Generator<Stage, void, undefined> {
    const done = new DoneFrames(videoLength, start)
    const coarse = range(videoLength).filter((frame) => (frame - (start.length - 1)) % EVERY === 0)
    let next = coarse.findIndex((frame) => !done.has(frame))
    for (; next !== -1 && next < coarse.length; next += stepSize) {
      const latent = coarse.slice(next, next + stepSize)
      yield { observed: coarse.slice(Math.max(0, next - (maxFrames - latent.length)), next), latent }
      done.add(latent)
    }
    const groups = Math.floor((maxFrames - 1) / EVERY)
    for (let first = done.firstUndone(0); first !== undefined; first = done.firstUndone(first)) {
      const window = range(first - 1, Math.min(first + groups * EVERY, videoLength))
      const latent = window.filter((frame) => !done.has(frame))
      yield { observed: window.filter((frame) => done.has(frame)), latent }
      done.add(latent)
    }
  },
})
