import { expect, test } from 'vitest'
import { LONG_VIDEO, measurePlanning } from '../../src/bench/planning.js'
import { samplingSchemes } from '../../src/schemes/registry.js'

test.each(Object.values(samplingSchemes))('$name plans 1000 frames in under 50 ms', (scheme) => {
  // The best of some: what is not compiled yet, and other processes, take longer.
  const { stages, milliseconds } = measurePlanning(scheme, LONG_VIDEO, { numbers: 12, repetitions: 8 })
  expect(stages).toBeGreaterThan(80)
  expect(Math.min(...milliseconds)).toBeLessThan(50)
})
