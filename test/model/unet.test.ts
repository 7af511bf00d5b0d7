import { beforeAll, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { temporalAttention, attentionBias } from '../../src/model/factorized-attention.js'
import { distanceFeatures } from '../../src/model/relative-position.js'
import { parameterCount } from '../../src/model/parameters.js'
import { unet, type UNetInputs } from '../../src/model/unet.js'
import { createModel, type VideoModel } from '../../src/model/video-model.js'
import { scopeOf } from '../../src/nn/scope.js'
import { tf, type Tensor, type Tensor3D, type Tensor5D } from '../../src/runtime/tf.js'
import { fillModelConfig } from '../../src/config/model.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed } from '../helpers/golden.js'
import { madeConditioning, madeVideo, tinyConfig, tinyModel } from '../helpers/tiny-model.js'

it.each([
  [64, 1, 78.4],
  [64, 2, 116.0],
  [128, 1, 80.4],
])('%i px with %i blocks has %f million parameters', (image_size, num_res_blocks, millions) => {
  const count = parameterCount(fillModelConfig({ image_size, num_res_blocks }))
  expect((count / 1e6).toFixed(1)).toBe(millions.toFixed(1))
})

describeEachBackend('the video UNet', () => {
  const config = tinyConfig()
  let model: VideoModel
  beforeAll(() => {
    model = tinyModel(config)
  })
  const timesteps = () => tf.tensor1d([100, 900])

  it('does not look at the noise of observed frames, nor at the pixels of hidden ones', () => {
    tf.tidy(() => {
      const inputs = { ...madeConditioning(), timesteps: timesteps() }
      const x = madeVideo('x', 2, 4)
      const before = model.apply({ ...inputs, x }).dataSync()
      const observed = tf.reshape(inputs.obsMask, [2, 4, 1, 1, 1])
      const otherNoise: Tensor5D = tf.add(x, tf.mul(madeVideo('other', 2, 4), observed))
      const otherPixels: Tensor5D = tf.add(inputs.x0, tf.mul(madeVideo('other', 2, 4), tf.sub(1, observed)))
      expect(model.apply({ ...inputs, x: otherNoise, x0: otherPixels }).dataSync()).toEqual(before)

      const otherLatent: Tensor5D = tf.add(x, tf.mul(0.1, madeVideo('other', 2, 4)))
      expect(model.apply({ ...inputs, x: otherLatent }).dataSync()).not.toEqual(before)
    })
  })

  it('keeps the videos of a batch apart', () => {
    tf.tidy(() => {
      const inputs = { ...madeConditioning(), timesteps: timesteps() }
      const x = madeVideo('x', 2, 4)
      const [first, second] = tf.split(x, 2) as [Tensor5D, Tensor5D]
      const changed: Tensor5D = tf.concat([first, tf.mul(second, 0.5)])
      const [before] = tf.split(model.apply({ ...inputs, x }), 2) as [Tensor5D]
      const [after] = tf.split(model.apply({ ...inputs, x: changed }), 2) as [Tensor5D]
      expect(after.dataSync()).toEqual(before.dataSync())
    })
  })

  it('lets padding frames exchange nothing with the others in temporal attention', () => {
    tf.tidy(() => {
      const { frameIndices, obsMask, latentMask } = madeConditioning()
      const [places, channels] = [3, 64]
      const context = {
        batch: 2,
        frames: 4,
        embedding: tf.tensor2d(Float32Array.from(signed('embedding', [2, 128])), [2, 128]),
        distances: distanceFeatures(frameIndices),
        attentionBias: attentionBias(tf.add(obsMask, latentMask)),
      }
      const seen: Tensor[] = []
      const layer = scopeOf(model.parameters, 'input_blocks.3.1.temporal_attention.')
      const shape: [number, number, number] = [2 * places, 4, channels]
      const x = tf.tensor3d(Float32Array.from(signed('features', shape)), shape)
      const onAttention = (_: string, weights: Tensor3D) => void seen.push(weights)
      temporalAttention(x, layer, 2, { ...context, onAttention })
      const weights = (seen[0] as Tensor3D).arraySync()
      for (const row of weights.slice(places)) {
        // Frame 3 of video 1 is padding: it sees itself alone, and no other frame sees it.
        expect(row[3]?.slice(0, 3)).toEqual([0, 0, 0])
        expect(row[3]?.[3]).toBeCloseTo(1, 6)
        for (const frame of row.slice(0, 3)) expect(frame[3]).toBe(0)
      }
      for (const row of weights.slice(0, places))
        for (const frame of row) for (const w of frame) expect(w).not.toBe(0)
    })
  })

  it('leaves out what only frames that are not asked for need', () => {
    tf.tidy(() => {
      // Of video 0 frames 1 and 2, of video 1 frames 0 and 3, which is padding.
      const outputRows = tf.tensor1d([1, 2, 4, 7], 'int32')
      const asked = tf.tensor([0, 1, 1, 0, 1, 0, 0, 1], [2, 4, 1, 1, 1])
      const inputs = { ...madeConditioning(), x: madeVideo('x', 2, 4), timesteps: timesteps() }
      const probe = madeVideo('probe', 2, 4)
      const resultsOf = (given: Partial<UNetInputs>, use_checkpoint: boolean) => {
        const names = [...model.parameters.keys()]
        let output: Tensor = tf.scalar(NaN)
        const loss = (...values: Tensor[]) => {
          const parameters = new Map(names.map((name, i) => [name, values[i] ?? tf.scalar(NaN)]))
          output = tf.keep(
            tf.mul(unet(parameters, { ...config, use_checkpoint }, { ...inputs, ...given }), asked),
          )
          return tf.sum(tf.mul(output, probe))
        }
        const gradients = tf.grads(loss)([...model.parameters.values()])
        const values = [output, ...gradients].map((tensor) => tensor.dataSync<'float32'>())
        output.dispose()
        return values
      }
      const all = resultsOf({}, false)
      const norms = all.map((values) => Math.hypot(...values))
      const rounding = 1e-6 * Math.max(...norms)
      for (const [i, values] of resultsOf({ outputRows }, true).entries()) {
        const difference = Math.hypot(...values.map((value, j) => value - (all[i]?.[j] ?? NaN)))
        expect(difference).toBeLessThanOrEqual(1e-4 * (norms[i] ?? NaN) + rounding)
      }
      const others = tf.mul(unet(model.parameters, config, { ...inputs, outputRows }), tf.sub(1, asked))
      expect(tf.max(tf.abs(others)).dataSync()[0]).toBe(0)
    })
  })

  it('gives equal gradients when activations are recomputed', () => {
    const gradientsWith = (use_checkpoint: boolean) => {
      const own = tinyModel(tinyConfig({ use_checkpoint, dropout: 0.1 }))
      const gradients = tf.tidy(() => {
        const inputs = { ...madeConditioning(), x: madeVideo('x', 2, 4), timesteps: timesteps() }
        const names = [...own.parameters.keys()]
        const dropoutSeed = tf.tensor1d([1, 2], 'int32')
        const loss = (...values: Tensor[]) => {
          const parameters = new Map(names.map((name, i) => [name, values[i] ?? tf.scalar(NaN)]))
          return tf.mean(tf.square(own.with(parameters).apply(inputs, { dropoutSeed })))
        }
        return tf
          .grads(loss)([...own.parameters.values()])
          .map((gradient) => gradient.dataSync())
      })
      own.dispose()
      return gradients
    }
    const [plain, recomputed] = [gradientsWith(false), gradientsWith(true)]
    const norms = plain.map((gradient) => Math.hypot(...gradient))
    // Gradients that are zero but for rounding differ by rounding.
    const rounding = 1e-6 * Math.max(...norms)
    for (const [i, gradient] of plain.entries()) {
      const difference = Math.hypot(...gradient.map((value, j) => value - (recomputed[i]?.[j] ?? NaN)))
      expect(difference).toBeLessThanOrEqual(1e-4 * (norms[i] ?? NaN) + rounding)
    }
  })

  it('frees what it makes', () => {
    const run = () => {
      const own = tinyModel(config)
      const inputs = { ...madeConditioning(), x: madeVideo('x', 2, 4), timesteps: timesteps() }
      const weights: Tensor[] = []
      const output = own.apply(inputs, { onAttention: (_, seen) => void weights.push(seen) })
      expect(new Set(weights.map(({ isDisposed }) => isDisposed))).toEqual(new Set([false]))
      tf.dispose([output, inputs, ...weights])
      own.dispose()
    }
    run()
    const before = tf.memory().numTensors
    run()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('starts as the original starts: an untrained network predicts zeros', () => {
    tf.tidy(() => {
      const fresh = createModel(config, { seed: 1 })
      const output = fresh.apply({ ...madeConditioning(), x: madeVideo('x', 2, 4), timesteps: timesteps() })
      expect(Math.max(...output.abs().dataSync())).toBe(0)
    })
  })

  it('names the parameter that a checkpoint lacks, has too many, or has in another shape', () => {
    const none = new Map<string, { shape: number[]; toFloat32: () => Float32Array }>()
    expect(() => createModel(config, { parameters: none })).toThrow(/time_embed\.0\.weight/)
    const odd = new Map([['extra', { shape: [1], toFloat32: () => new Float32Array(1) }]])
    expect(() => createModel(config, { parameters: odd })).toThrow(UserError)
    const wrong = new Map([['time_embed.0.weight', { shape: [2, 2], toFloat32: () => new Float32Array(4) }]])
    expect(() => createModel(config, { parameters: wrong })).toThrow(/\[2, 2\], not \[128, 32\]/)
  })
})
