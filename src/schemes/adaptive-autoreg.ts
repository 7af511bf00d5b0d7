import { adaptiveScheme } from './adaptive-scheme.js'
import { range } from './range.js'

/** Samples the next `step` frames like `autoreg`, conditioned on the latest frame and those least like it. */
export const adaptiveAutoreg = adaptiveScheme({
  name: 'adaptive-autoreg',
  summary: 'the next frames from the latest one and those that look different',
  *plan({ videoLength, maxFrames, stepSize }, start, choose) {
    for (let next = start.length; next < videoLength; next += stepSize)
      yield {
        observed: choose([next - 1], range(next).reverse(), maxFrames - stepSize),
        latent: range(next, Math.min(next + stepSize, videoLength)),
      }
  },
})
