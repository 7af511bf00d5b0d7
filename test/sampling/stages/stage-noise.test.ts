import { expect, test } from 'vitest'
import { tf } from '../../../src/runtime/tf.js'
import { stageNoise } from '../../../src/sampling/stages/stage-noise.js'
import { describeEachBackend } from '../../helpers/backends.js'

describeEachBackend('noise of a stage', () => {
  const key = { seed: 3, video: 5, sampleIdx: 0 }
  const draw = (stage: number, moment: number | 'start', keys = [key]) => {
    const noise = stageNoise(
      keys.map((video) => ({ ...video, stage })),
      [6, 8, 8, 3],
      moment,
    )
    const values = noise.dataSync().slice()
    tf.dispose(noise)
    return values
  }

  test('is the same for the same stage and step, and new for any other', () => {
    const first = draw(2, 7)
    expect(draw(2, 7)).toEqual(first)
    for (const other of [draw(2, 6), draw(2, 'start'), draw(1, 7)]) expect(other).not.toEqual(first)
  })

  test('is new for any other seed, video and sample', () => {
    const first = draw(0, 'start')
    for (const other of [{ seed: 4 }, { video: 6 }, { sampleIdx: 1 }])
      expect(draw(0, 'start', [{ ...key, ...other }])).not.toEqual(first)
  })

  test("is each video's own", () => {
    const other = { ...key, video: 6 }
    const both = draw(0, 'start', [other, key])
    expect(both.slice(0, both.length / 2)).toEqual(draw(0, 'start', [other]))
    expect(both.slice(both.length / 2)).toEqual(draw(0, 'start', [key]))
  })

  test('is standard normal', () => {
    const values = [...draw(0, 'start')]
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length
    // Four standard errors of the mean and of the variance of 1152 values.
    expect(Math.abs(mean)).toBeLessThan(0.12)
    expect(Math.abs(variance - 1)).toBeLessThan(0.17)
  })
})
