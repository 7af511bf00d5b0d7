import { expect, test } from 'vitest'
import { planVideo } from '../../src/schemes/plan.js'
import { findScheme } from '../../src/schemes/registry.js'

type Settings = readonly [scheme: string, T: number, observed: number, K: number, step: number]

/** Stages of the original program, as [observed, latent]. */
const plans: readonly [Settings, readonly (readonly [number[], number[]])[]][] = [
  [
    ['hierarchy-5', 11, 0, 7, 3],
    [
      [[], [0, 1, 3, 5, 6, 8, 10]],
      [
        [5, 6, 8, 3, 1],
        [4, 7],
      ],
      [[10, 8, 7, 6], [9]],
      [[3, 4, 1, 0], [2]],
    ],
  ],
  [
    ['hierarchy-3', 11, 0, 7, 5],
    [
      [[], [0, 1, 3, 5, 6, 8, 10]],
      [
        [5, 6, 8, 3, 1],
        [4, 7],
      ],
      [[10, 8], [9]],
      [[3, 1], [2]],
    ],
  ],
  [
    ['hierarchy-2', 18, 3, 8, 8],
    [
      [
        [0, 2],
        [3, 5, 8, 11, 14, 17],
      ],
      [
        [5, 8, 11, 3],
        [4, 6, 7, 9],
      ],
      [
        [11, 14, 17, 9],
        [10, 12, 13, 15],
      ],
      [[17, 15], [16]],
    ],
  ],
  // More than the window takes, and more than the video has.
  [
    ['hierarchy-2', 20, 4, 8, 24],
    [
      [
        [0, 3],
        [4, 7, 10, 13, 16, 19],
      ],
      [
        [7, 10, 4, 3],
        [5, 6, 8, 9],
      ],
      [
        [13, 16, 10, 9],
        [11, 12, 14, 15],
      ],
      [
        [19, 16],
        [17, 18],
      ],
    ],
  ],
  [
    ['hierarchy-2', 10, 3, 5, 7],
    [
      [
        [0, 2],
        [3, 6, 9],
      ],
      [
        [6, 3, 2],
        [4, 5],
      ],
      [
        [9, 6],
        [7, 8],
      ],
    ],
  ],
  [
    ['hierarchy-2', 11, 4, 6, 10],
    [
      [
        [0, 3],
        [4, 6, 8, 10],
      ],
      [
        [6, 8, 4, 3],
        [5, 7],
      ],
      [[10, 8], [9]],
    ],
  ],
]

test.each(plans)('%j: a stage without room begins anew with fewer frames', (settings, stages) => {
  const [name, videoLength, observed, maxFrames, stepSize] = settings
  const plan = planVideo(findScheme(name), { videoLength, observed, maxFrames, stepSize })
  expect(plan).toEqual(stages.map(([observed, latent]) => ({ observed, latent })))
})
