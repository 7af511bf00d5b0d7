import { expect, it, vi } from 'vitest'
import { diffusionOptions } from '../../../src/config/model.js'
import { defaultsOf } from '../../../src/config/option.js'
import { createDiffusion } from '../../../src/diffusion/gaussian-diffusion.js'
import { hostRandom } from '../../../src/random.js'
import { tf } from '../../../src/runtime/tf.js'
import type { Batch } from '../../../src/training/batches/batch.js'
import { batchSource } from '../../../src/training/batches/batch-source.js'
import { feedMicroBatch, partsOf } from '../../../src/training/step/feed.js'
import { flattenState, initialState } from '../../../src/training/step/state.js'
import { timestepSampler } from '../../../src/training/step/timestep-sampler.js'
import { createTrainer, type Trainer } from '../../../src/training/step/trainer.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { fakeDataset, tinyNetwork, tinyParameters } from '../fixtures.js'

const EMA_RATES = [0.9, 1]
const base = { lr: 0.01, lr_anneal_steps: 0, weight_decay: 0, seed: 7, skip_grad_norm: 0 }

function trainerWith(config: Partial<typeof base> = {}, sampler = timestepSampler('uniform', 50)): Trainer {
  const diffusion = createDiffusion({ ...defaultsOf(diffusionOptions), diffusion_steps: 50 })
  const params = tinyParameters()
  const state = initialState(params, EMA_RATES.length)
  tf.dispose([...params.values()])
  return createTrainer({
    config: { ...base, ...config },
    network: tinyNetwork,
    diffusion,
    emaRates: EMA_RATES,
    timestepSampler: sampler,
    state,
    step: 0,
    optimizerStep: 0,
  })
}

function batches(microbatch: number): (step: number) => Promise<readonly Batch[]> {
  const options = { batch_size: 3, microbatch, max_frames: 5, pad_with_random_frames: true, seed: 1 }
  return batchSource(fakeDataset(), options)
}

const values = (trainer: Trainer) => flattenState(trainer.state).map((tensor) => [...tensor.dataSync()])

describeEachBackend('training steps', () => {
  it('do not depend on how a batch is cut into micro-batches', async () => {
    const trainers = [-1, 2, 1].map((size) => [trainerWith(), batches(size)] as const)
    const results = []
    for (const [trainer, source] of trainers) {
      const report = [await trainer.update(await source(0)), await trainer.update(await source(1))][1]
      results.push([
        ...values(trainer).flat(),
        ...Array.from(report?.losses.loss ?? []),
        report?.gradNorm ?? NaN,
      ])
      trainer.dispose()
    }
    const [whole = [], ...cut] = results
    for (const other of cut) {
      expect(other).toHaveLength(whole.length)
      // Sums in another order: float32 rounding, nothing more.
      other.forEach((value, i) => expect(Math.abs(value - (whole[i] ?? NaN))).toBeLessThan(2e-6))
    }
  })

  it('come in few shapes, however small micro-batches are', async () => {
    const source = batches(1)
    const diffusion = createDiffusion(defaultsOf(diffusionOptions))
    for (let step = 0; step < 20; step++) {
      const microBatches = await source(step)
      const parts = partsOf(...microBatches)
      const shapes = microBatches.map((batch, i) => {
        const draws = {
          timesteps: [0],
          weights: [1],
          noise: [hostRandom('noise')],
          dropout: hostRandom('dropout'),
        }
        const fed = feedMicroBatch(batch, diffusion, draws, parts)
        const shape = fed.outputRows?.shape[0]
        tf.dispose({ ...fed })
        expect(partsOf(batch), `micro-batch ${i}`).toBeLessThanOrEqual(parts)
        return shape
      })
      expect(new Set(shapes).size).toBe(1)
    }
  })

  it('move averages by their rate, a rate of 1 not at all', async () => {
    const trainer = trainerWith()
    const before = [...trainer.state.params.values()].map((tensor) => [...tensor.dataSync()])
    await trainer.update(await batches(-1)(0))
    const { params, ema } = trainer.state
    ;[...params.keys()].forEach((name, i) => {
      const now = params.get(name)?.dataSync() ?? []
      const averages = ema.map((average) => average.get(name)?.dataSync() ?? [])
      Array.from(now).forEach((value, j) => {
        const old = before[i]?.[j] ?? NaN
        expect(value).not.toBe(old)
        expect(averages[0]?.[j]).toBeCloseTo(0.9 * old + 0.1 * value, 6)
        expect(averages[1]?.[j]).toBe(old)
      })
    })
    trainer.dispose()
  })

  it('change no parameter at a learning rate of 0', async () => {
    const trainer = trainerWith({ lr: 0 })
    const before = [...trainer.state.params.values()].map((tensor) => [...tensor.dataSync()])
    await trainer.update(await batches(-1)(0))
    expect([...trainer.state.params.values()].map((tensor) => [...tensor.dataSync()])).toEqual(before)
    trainer.dispose()
  })

  it('follow the annealed learning rate down to nothing', async () => {
    const trainer = trainerWith({ lr_anneal_steps: 2 })
    const source = batches(-1)
    const moved: number[] = []
    for (let step = 0; step < 3; step++) {
      const before = trainer.state.params.get('offset')?.dataSync()[0] ?? NaN
      await trainer.update(await source(step))
      moved.push(Math.abs((trainer.state.params.get('offset')?.dataSync()[0] ?? NaN) - before))
    }
    // The first Adam update moves by the learning rate itself.
    expect(moved[0]).toBeCloseTo(0.01, 5)
    expect(moved[1]).toBeLessThan(0.0051)
    expect(moved[2]).toBe(0)
    trainer.dispose()
  })

  it('leave no tensors behind', async () => {
    const trainer = trainerWith()
    const source = batches(2)
    await trainer.update(await source(0))
    const after = tf.memory().numTensors
    for (let step = 1; step < 4; step++) await trainer.update(await source(step))
    expect(tf.memory().numTensors).toBe(after)
    trainer.dispose()
  })

  it('whose numbers cannot be read change nothing and leave no tensors behind', async () => {
    const trainer = trainerWith()
    const source = batches(-1)
    await trainer.update(await source(0))
    const before = values(trainer)
    const count = tf.memory().numTensors
    vi.spyOn(tf.Tensor.prototype, 'data').mockRejectedValueOnce(new Error('the device is lost'))
    await expect(trainer.update(await source(1))).rejects.toThrow('the device is lost')
    expect([values(trainer), trainer.step, trainer.optimizerStep]).toEqual([before, 1, 1])
    expect(tf.memory().numTensors).toBe(count)
    trainer.dispose()
  })

  it('skip a bad step: nothing changes but the count of steps', async () => {
    const trainer = trainerWith()
    const [batch] = await batches(-1)(0)
    if (!batch) throw new Error('no batch')
    const count = tf.memory().numTensors
    const before = values(trainer)
    const broken = { ...batch, lossMask: batch.lossMask.map(() => NaN) }
    const { fault, losses } = await trainer.update([broken])
    expect(fault).toBe('the loss is NaN')
    expect(Array.from(losses.loss ?? [])).toEqual([NaN, NaN, NaN])
    expect(tf.memory().numTensors).toBe(count)
    expect([values(trainer), trainer.step, trainer.optimizerStep]).toEqual([before, 1, 0])
    expect((await trainer.update([batch])).fault).toBeUndefined()
    expect([trainer.step, trainer.optimizerStep]).toEqual([2, 1])
    trainer.dispose()
  })

  it('are bad above a norm of the gradient that the user has set, and never without one', async () => {
    const source = batches(-1)
    const [free, strict] = [trainerWith(), trainerWith({ skip_grad_norm: 1e-6 })]
    const { gradNorm, fault } = await free.update(await source(0))
    expect(fault).toBeUndefined()
    expect((await strict.update(await source(0))).fault).toMatch(
      /^the norm of the gradient is .*, above 0.000001$/,
    )
    const above = trainerWith({ skip_grad_norm: gradNorm })
    expect((await above.update(await source(0))).fault).toBeUndefined()
    for (const trainer of [free, strict, above]) trainer.dispose()
  })

  it('that are skipped teach the timestep sampler nothing', async () => {
    const sampler = timestepSampler('loss-second-moment', 50)
    const trainer = trainerWith({ skip_grad_norm: 1e-6 }, sampler)
    await trainer.update(await batches(-1)(0))
    expect(sampler.state().history.flat()).toEqual([])
    trainer.dispose()
  })
})
