import { expect, test } from 'vitest'
import { LONG_VIDEO, measurePlanning } from '../../src/bench/planning.js'
import { adaptiveAutoreg } from '../../src/schemes/adaptive-autoreg.js'
import { samplingSchemes } from '../../src/schemes/registry.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { ownBinding } from '../helpers/own-binding.js'
import { squaredDistance } from '../../src/squared-distance.js'

test.each(Object.values(samplingSchemes))('$name plans 1000 frames, and the time is taken', (scheme) => {
  const times = measurePlanning(scheme, LONG_VIDEO, { numbers: 12, repetitions: 2 })
  expect(times).toHaveLength(2)
  for (const { stages, planning, comparing } of times) {
    expect(stages).toBeGreaterThan(80)
    expect(planning).toBeGreaterThan(0)
    expect(comparing).toBe(0)
  }
})

test.runIf(ownBinding)('frames are compared on the device', async () => {
  await startRuntime({ backend: 'tensorflow' })
  const tensors = tf.memory().numTensors
  const settings = { videoLength: 60, observed: 36, maxFrames: 20, stepSize: 10 }
  const squaredDistances = () => expect.fail('compared by processors')
  let readings = 0
  // Each reading takes a millisecond.
  const now = () => ++readings
  const setup = { numbers: 200, repetitions: 2, squaredDistances, onDevice: true, now }
  const times = measurePlanning(adaptiveAutoreg, settings, setup)
  expect(times).toHaveLength(2)
  for (const { planning, comparing } of times) {
    expect(comparing).toBeGreaterThan(0)
    // From one reading to the next, but not while frames are put there, nor while they are compared: three times each.
    expect(planning).toBe(1 + 2 * 3)
  }
  expect(tf.memory().numTensors).toBe(tensors)
})

test('comparing frames as they come is timed apart, each frame with all before it', () => {
  const compared: (readonly [number, number])[] = []
  const squaredDistances = (from: readonly Float32Array[], against: readonly Float32Array[]) => {
    compared.push([from.length, against.length])
    return Float64Array.from(from.flatMap((a) => against.map((b) => squaredDistance(a, b))))
  }
  const settings = { videoLength: 60, observed: 36, maxFrames: 20, stepSize: 10 }
  const setup = { numbers: 2000, repetitions: 1, squaredDistances }
  const [time] = measurePlanning(adaptiveAutoreg, settings, setup)
  expect(compared).toEqual([
    [36, 36],
    [10, 46],
    [10, 56],
  ])
  expect(time?.comparing).toBeGreaterThan(0)
})
