import { fixedScheme } from './fixed-scheme.js'
import { range } from './range.js'

/**
 * Samples the next `step` frames like `autoreg`, but conditions half on the latest frames and half on the
 * latest of those given at the start, so that the beginning is never forgotten. Where that half is no frame at all
 * it conditions on all frames before, if the window takes them.
 */
export const longRange = fixedScheme({
  name: 'long-range',
  summary: 'the next frames from the latest ones and the last given ones',
  fitsWithoutRoom: ({ videoLength, maxFrames }) => videoLength <= maxFrames,
  *plan({ videoLength, maxFrames, stepSize }, start) {
    const room = maxFrames - stepSize
    const recent = Math.floor(room / 2)
    for (let next = start.length; next < videoLength; next += stepSize) {
      const end = Math.min(next + stepSize, videoLength)
      const latest = range(recent === 0 && end <= maxFrames ? 0 : Math.max(0, next - recent), next)
      const given = start.filter((frame) => frame < (latest[0] ?? next))
      yield {
        observed: [...given.slice(-(room - latest.length)), ...latest],
        latent: range(next, end),
      }
    }
  },
})
