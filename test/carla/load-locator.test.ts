import { expect, test } from 'vitest'
import { createLocator } from '../../src/carla/load-locator.js'
import type { ResidualPlan } from '../../src/carla/network/residual-plan.js'
import { tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { uniform } from '../helpers/golden.js'
import { classifierWeights, quickWeight, regressorWeights } from '../helpers/made-locator.js'

const plan: ResidualPlan = { block: 'basic', stages: [1, 1, 1, 1] }
const classifier = { file: 'classifier.pth', tensors: classifierWeights(plan, '', quickWeight) }
const regressor = { file: 'regressor.pth', tensors: regressorWeights(plan, '', quickWeight) }
const size = { height: 32, width: 32 }
const frames = Uint8Array.from(uniform('frames', 3 * 32 * 32 * 3), (u) => 256 * u)

describeEachBackend('a small locator', () => {
  test('gives each frame the position of its own cell, alone as in a batch', async () => {
    const locator = createLocator({ classifier, regressor })
    const together = await locator.locate(frames, size)
    const before = tf.memory().numTensors
    const alone = await locator.locate(frames.subarray(0, 32 * 32 * 3), size)
    expect(tf.memory().numTensors).toBe(before)
    expect(together.coordinates).toHaveLength(6)
    expect(alone.cells[0]).toBe(together.cells[0])
    together.cells.forEach((cell, i) => {
      const logits = together.logits.subarray(100 * i, 100 * (i + 1))
      expect(logits[cell]).toBe(Math.max(...logits))
    })
    alone.coordinates.forEach((value, i) => expect(value).toBeCloseTo(together.coordinates[i] ?? NaN, 3))
    locator.dispose()
  })
})

test('weights that are missing or of another shape are named', () => {
  const without = (tensors: typeof classifier.tensors, name: string) =>
    new Map([...tensors].filter(([key]) => key !== name))
  expect(() => createLocator({ classifier: regressor, regressor })).toThrow(
    'regressor.pth: the tensor fc.weight is missing: is it the classifier',
  )
  expect(() => createLocator({ classifier, regressor: classifier })).toThrow(
    'classifier.pth: the tensor regressors.0.weight is missing: is it the regressor',
  )
  const broken = { ...regressor, tensors: without(regressor.tensors, 'resnet.layer3.0.bn2.running_var') }
  expect(() => createLocator({ classifier, regressor: broken })).toThrow(
    'regressor.pth: the tensor resnet.layer3.0.bn2.running_var of shape [256] is missing',
  )
  const headless = { ...regressor, tensors: without(regressor.tensors, 'regressors.99.bias') }
  expect(() => createLocator({ classifier, regressor: headless })).toThrow('regressors.99.bias of shape [2]')
  const efficient = new Map([...classifier.tensors].filter(([name]) => !name.startsWith('layer')))
  expect(() => createLocator({ classifier: { file: 'c.pth', tensors: efficient }, regressor })).toThrow(
    'c.pth: the tensor layer1.0.conv1.weight is missing; these are not the weights of a ResNet',
  )
  const narrow = new Map(classifier.tensors).set('fc.bias', {
    shape: [10],
    toFloat32: () => new Float32Array(10),
  })
  expect(() => createLocator({ classifier: { file: 'c.pth', tensors: narrow }, regressor })).toThrow(
    'c.pth: fc.bias has shape [10], expected [100]',
  )
})
