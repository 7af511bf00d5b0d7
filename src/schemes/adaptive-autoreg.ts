import { adaptiveScheme } from './adaptive-scheme.js'
import { range } from './range.js'
import { givenFrames } from './settings.js'

/** Samples the next `step` frames like `autoreg`, conditioned on the latest frame and those least like it. */
export const adaptiveAutoreg = adaptiveScheme({
  name: 'adaptive-autoreg',
  summary: 'the next frames from the latest one and those that look different',
  // The latest frame is conditioned on in any case. Without given frames, K of them come first.
  fitsWithoutRoom: (settings) => {
    const { videoLength, maxFrames } = settings
    return videoLength - (givenFrames(settings).length || maxFrames) < maxFrames
  },
  *plan({ videoLength, maxFrames, stepSize }, start, choose) {
    for (let next = start.length; next < videoLength; next += stepSize)
      yield {
        observed: choose([next - 1], range(next).reverse(), Math.max(1, maxFrames - stepSize)),
        latent: range(next, Math.min(next + stepSize, videoLength)),
      }
  },
})
