import { expect, test } from 'vitest'
import { i3dUnits } from '../../../src/evaluation/i3d/architecture.js'
import { createI3d } from '../../../src/evaluation/i3d/create-i3d.js'
import type { FoldedLayer } from '../../../src/evaluation/i3d/fold-i3d-weights.js'
import { tf } from '../../../src/runtime/tf.js'
import { availableBackends, describeEachBackend } from '../../helpers/backends.js'
import { signed, sizeOf, uniform } from '../../helpers/golden.js'

/** Small random numbers over and over: making 12 million takes a second. */
const numbers = signed('i3d', [10_007])
const layers = new Map<string, FoldedLayer>(
  [...i3dUnits(), { name: 'logits', size: [1, 1, 1] as const, channelsIn: 1024, channelsOut: 400 }].map(
    ({ name, size, channelsIn, channelsOut }) => {
      const shape = [...size, channelsIn, channelsOut] as const
      const bound = Math.sqrt(6 / (sizeOf(size) * channelsIn))
      const kernel = Float32Array.from(
        { length: sizeOf(shape) },
        (_, i) => bound * (numbers[i % 10_007] ?? 0),
      )
      return [name, { shape, kernel, bias: new Float32Array(channelsOut) }]
    },
  ),
)
const video = (T: number) => ({
  pixels: Uint8Array.from(uniform('video', T * 8 * 8 * 3), (u) => 256 * u),
  height: 8,
  width: 8,
})

const fast = availableBackends().includes('tensorflow')

describeEachBackend('I3D', (backend) => {
  test('takes no fewer than 9 frames, and leaves no tensors behind', async () => {
    const i3d = createI3d({ layers, hash: '' }, 'made')
    await expect(i3d.logits(video(8))).rejects.toThrow('at least 9 frames, this one has 8')
    const first = await i3d.logits(video(9))
    const before = tf.memory().numTensors
    expect(await i3d.logits(video(9))).toEqual(first)
    expect(tf.memory().numTensors).toBe(before)
    i3d.dispose()
    expect(first).toHaveLength(400)
  })

  // A long video is cut into stretches; WebAssembly would take minutes.
  test.runIf(fast && backend === 'tensorflow')('a long video goes in stretches, unnoticed', async () => {
    const whole = createI3d({ layers, hash: '' }, 'made')
    const pieces = createI3d({ layers, hash: '' }, 'made', { longestStretch: 2 })
    for (const T of [11, 12]) {
      const [a, b] = [await whole.logits(video(T)), await pieces.logits(video(T))]
      const size = Math.max(...a.map(Math.abs))
      expect(Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))))).toBeLessThan(1e-5 * size)
    }
    whole.dispose()
    pieces.dispose()
  })
})
