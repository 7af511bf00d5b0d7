import { expect, it } from 'vitest'
import { normalDataError } from '../../src/bench/normal-data.js'
import { createSampler } from '../../src/diffusion/samplers/create-sampler.js'
import { createSchedule } from '../../src/diffusion/schedule.js'
import { tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('the error for normal data', () => {
  // Computed in Python with NumPy, in float64, from the equations of the papers.
  it.each([
    ['cosine', 100, '10', 1, [0.1251, 0.0214, 0.0539]],
    ['cosine', 100, '20', 0.1, [0.2244, 0.1271, 0.0009]],
    ['linear', 1000, '20', 0.5, [0.1391, 0.0143, 0.241]],
  ] as const)(
    '%s %i in %s steps',
    async (noise_schedule, diffusion_steps, timestep_respacing, s, expected) => {
      const schedule = createSchedule({ noise_schedule, diffusion_steps, timestep_respacing })
      const samplers = [
        createSampler('ddim', schedule),
        createSampler('dpm++', schedule),
        createSampler('dpm++', schedule, { limit_extrapolation: false }),
      ]
      const before = tf.memory().numTensors
      for (const [i, sampler] of samplers.entries())
        expect(Math.abs(await normalDataError(sampler, schedule, s))).toBeCloseTo(expected[i] ?? NaN, 4)
      expect(tf.memory().numTensors).toBe(before)
    },
  )

  it('is not known of samplers with noise', async () => {
    const schedule = createSchedule({
      noise_schedule: 'cosine',
      diffusion_steps: 100,
      timestep_respacing: '10',
    })
    const noisy = createSampler('sde-dpm++', schedule)
    await expect(normalDataError(noisy, schedule, 1)).rejects.toThrow('sde-dpm++ draws noise')
  })
})
