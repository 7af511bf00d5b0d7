import { fixedScheme } from './fixed-scheme.js'
import { range } from './range.js'

/**
 * Conditions on the latest K - step frames and samples the next `step`, until the end. With step = K it conditions on
 * all frames before, which is possible where the whole video fits the window.
 */
export const autoreg = fixedScheme({
  name: 'autoreg',
  summary: 'the next frames from the latest ones',
  fitsWithoutRoom: ({ videoLength, maxFrames }) => videoLength <= maxFrames,
  *plan({ videoLength, maxFrames, stepSize }, start) {
    const room = maxFrames - stepSize
    for (let next = start.length; next < videoLength; next += stepSize)
      yield {
        observed: room === 0 ? range(next) : range(Math.max(0, next - room), next),
        latent: range(next, Math.min(next + stepSize, videoLength)),
      }
  },
})
