import { describe, expect, test } from 'vitest'
import { drivingMetrics } from '../../src/carla/driving-metrics.js'
import { speedsOf } from '../../src/carla/speeds.js'

type Positions = [number, number][]

/** Straight ahead at a speed in m/s, ten frames a second. */
const drive = (speed: number, T: number, [x, y]: [number, number] = [0, 0]): Positions =>
  Array.from({ length: T }, (_, t) => [x + 0.6 * speed * 0.1 * t, y + 0.8 * speed * 0.1 * t])
const valuesOf = (...parameters: Parameters<typeof speedsOf>) =>
  speedsOf(...parameters).map(({ value }) => value)

describe('speeds', () => {
  test('of a steady drive, one per pair of frames a second apart', () => {
    const speeds = speedsOf(drive(3, 25))
    expect(speeds).toHaveLength(15)
    for (const { from, to, value } of speeds) {
      expect(to - from).toBe(10)
      expect(value).toBeCloseTo(3, 12)
    }
    expect(valuesOf(drive(3, 10))).toEqual([])
    expect(valuesOf(drive(3, 11))).toHaveLength(1)
  })

  test('in other units of time', () => {
    expect(valuesOf(drive(3, 25), { stride: 5 })[0]).toBeCloseTo(3, 12)
    expect(valuesOf(drive(3, 25), { stride: 5 })).toHaveLength(20)
    expect(valuesOf(drive(3, 25), { framesPerSecond: 20 })[0]).toBeCloseTo(6, 12)
    expect(speedsOf(drive(3, 31), { pairs: 'disjoint' }).map(({ from }) => from)).toEqual([0, 10, 20])
  })

  test('leave out pairs of two given frames', () => {
    const isGiven = (frame: number) => frame < 12
    expect(speedsOf(drive(1, 30), { isGiven }).map(({ from }) => from)).toEqual(
      Array.from({ length: 18 }, (_, i) => i + 2),
    )
  })
})

describe('metrics', () => {
  test('a set with known jumps gives the percentage it must', () => {
    // At frame 30 of 61, the car is suddenly 50 m further: the ten pairs across it are outliers.
    const positions = [...drive(2, 30), ...drive(2, 31, [50, 0])]
    const { outliers, pairs, distance } = drivingMetrics(speedsOf(positions), valuesOf(drive(2, 40)))
    expect(pairs).toBe(51)
    expect(outliers).toBeCloseTo((100 * 10) / 51, 9)
    expect(distance).toBeCloseTo(0, 9)
    const disjoint = drivingMetrics(speedsOf(positions, { pairs: 'disjoint' }), [2])
    expect(disjoint.outliers).toBeCloseTo(100 / 6, 9)
  })

  test('the distance is that of the mean between steady drives', () => {
    expect(drivingMetrics(speedsOf(drive(1, 40)), valuesOf(drive(3, 40))).distance).toBeCloseTo(2, 9)
  })

  test('exactly the limit is no outlier; jumps do not count on either side', () => {
    const speeds = [10, 10.01, 2].map((value) => ({ from: 0, to: 10, value }))
    const { outliers, distance } = drivingMetrics(speeds, [2, 10, 500])
    expect(outliers).toBeCloseTo(100 / 3, 9)
    expect(distance).toBeCloseTo(0, 12)
    expect(drivingMetrics(speeds, [2, 10, 500], 11)).toMatchObject({ outliers: 0 })
  })

  test('without usual speeds there is no distance; without speeds nothing', () => {
    expect(drivingMetrics([{ from: 0, to: 10, value: 99 }], [1])).toEqual({
      outliers: 100,
      distance: undefined,
      pairs: 1,
    })
    expect(() => drivingMetrics([], [1])).toThrow('no speeds at all')
    expect(() => drivingMetrics([{ from: 0, to: 10, value: 1 }], [50])).toThrow('no speeds to compare with')
  })
})
