import { expect, test } from 'vitest'
import { efficientBackbone, EFFICIENTNET_B7 } from '../../../src/carla/network/efficient-backbone.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { eightFrames, lossesOfTraining, madeTrainer, meanLoss } from './made-training.js'

const SMALL = {
  stem: 8,
  stages: [
    { expansion: 1, kernel: 3, stride: 1, channels: 8, blocks: 2 },
    { expansion: 4, kernel: 5, stride: 2, channels: 16, blocks: 2 },
  ],
  features: 32,
  skipped: 0,
  dropout: 0,
} as const

// torchvision 0.29 on PyTorch 2.13: EfficientNet of these stages, the same weights, lr 1e-4, three steps, then eval().
const REGRESSOR_LOSSES = [123.187019, 123.170395, 123.138855, 124.997787]
const CLASSIFIER_LOSSES = [4.5197911, 4.5151458, 4.5105047, 4.5569588]

describeEachBackend('a small EfficientNet', (backend) => {
  // Gradients of what it is made of are there in TensorFlow alone.
  if (backend !== 'tensorflow') {
    test.skip('needs TensorFlow', () => undefined)
    return
  }

  test.each([
    { kind: 'regressor', optimizer: 'sgd', losses: REGRESSOR_LOSSES },
    { kind: 'classifier', optimizer: 'adamw', losses: CLASSIFIER_LOSSES },
  ] as const)(
    'gives the losses that PyTorch gives: $kind, $optimizer',
    async ({ kind, optimizer, losses }) => {
      const found = await lossesOfTraining({ kind, backbone: efficientBackbone(SMALL) }, optimizer)
      found.forEach((loss, i) => expect(loss / (losses[i] ?? NaN)).toBeCloseTo(1, 5))
    },
  )

  test('leaves out blocks and features by the seed, in training alone', async () => {
    const backbone = efficientBackbone({ ...SMALL, skipped: 0.9, dropout: 0.5 })
    const first = async (seed: readonly [number, number]) => {
      const trainer = madeTrainer({ kind: 'regressor', backbone }, 'sgd')
      const tested = meanLoss(await trainer.score(eightFrames))
      const loss = meanLoss(await trainer.update(eightFrames, 1e-4, seed))
      trainer.dispose()
      return { tested, loss }
    }
    const [one, again, other] = [await first([1, 2]), await first([1, 2]), await first([3, 4])]
    expect(again).toEqual(one)
    expect(other.tested).toBe(one.tested)
    expect(other.loss).not.toBe(one.loss)
  })
})

test("EfficientNet-B7 has torchvision's layers", () => {
  const { layers } = efficientBackbone(EFFICIENTNET_B7)
  const entries = layers.flatMap(({ norm, shape }) => (norm === undefined ? [shape[0]] : [2 * shape[0]]))
  const sizes = layers.map(({ shape }) => shape.reduce((product, size) => product * size, 1))
  const count = [...sizes, ...entries].reduce((sum, size) => sum + size, 0)
  // torchvision's count of parameters, without the last layer's 1000 * 2560 + 1000.
  expect(count).toBe(66347960 - 2561000)
  expect(layers.map(({ convolution }) => convolution)).toEqual(
    expect.arrayContaining([
      'features.0.0',
      'features.1.3.block.1.fc2',
      'features.7.3.block.3.0',
      'features.8.0',
    ]),
  )
})
