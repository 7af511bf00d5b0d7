import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { loadLocator } from '../../../src/carla/load-locator.js'
import { residualBackbone } from '../../../src/carla/network/backbone.js'
import type { LocatorKind } from '../../../src/carla/network/heads.js'
import { initialLocator } from '../../../src/carla/training/initial-locator.js'
import type { LocatorNetwork } from '../../../src/carla/training/locator-network.js'
import {
  readRunFile,
  writeRunFile,
  type LocatorProgress,
} from '../../../src/carla/training/locator-run-file.js'
import { createLocatorTrainer } from '../../../src/carla/training/locator-trainer.js'
import { locatorStateDict, readLocatorWeights } from '../../../src/carla/training/locator-weights.js'
import { NothingLearned } from '../../../src/carla/training/nothing-learned.js'
import type { OptimizerName } from '../../../src/carla/training/optimizers.js'
import { trainLocator, type EpochReport } from '../../../src/carla/training/train-locator.js'
import { tensorsByName } from '../../../src/torch-file/tensors-by-name.js'
import { tf } from '../../../src/runtime/tf.js'
import { readTorchFile, tensor, writeTorchFile } from '../../../src/torch-file/index.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { madeFrames } from '../../helpers/made-frames.js'
import { onGpu } from '../../helpers/on-gpu.js'
import { temporaryFolder } from '../../torch-file/handmade.js'
import { expectNumbersToRounding } from '../../training/same-training.js'
import { lossesOfTraining, madeTrainer, startState } from './made-training.js'

const REGRESSOR_LOSSES = [123.154205, 96.624229, 79.526711, 122.533081]
const CLASSIFIER_LOSSES = [4.8378539, 3.0391183, 1.9699892, 4.4995394]

const scratch = temporaryFolder()
const newFolder = () => mkdtempSync(path.join(scratch, 'run-'))
const plan = { block: 'basic', stages: [1, 1, 1, 1] } as const
const network = (kind: LocatorKind): LocatorNetwork => ({ kind, backbone: residualBackbone(plan) })
const noProgress: LocatorProgress = { step: 0, tested: 0, bestLoss: Infinity, sums: { loss: 0, quality: 0, frames: 0 } } // prettier-ignore

const start = (kind: LocatorKind, optimizer: OptimizerName) => startState(network(kind), optimizer)

describe('training', () => {
  describeEachBackend('of a small network', (backend) => {
    // Gradients of what a ResNet is made of are there in TensorFlow alone.
    if (backend !== 'tensorflow') {
      test.skip('needs TensorFlow', () => undefined)
      return
    }

    // PyTorch 2.13, the same weights read with torch.load, eight frames, lr 1e-4, three steps, then eval().
    test.each([
      { kind: 'regressor', optimizer: 'sgd', losses: REGRESSOR_LOSSES },
      { kind: 'classifier', optimizer: 'adamw', losses: CLASSIFIER_LOSSES },
    ] as const)(
      'gives the losses that PyTorch gives: $kind, $optimizer',
      async ({ kind, optimizer, losses }) => {
        const found = await lossesOfTraining(network(kind), optimizer)
        // Errors of float32 grow from step to step.
        found.forEach((loss, i) => expect(loss / (losses[i] ?? NaN)).toBeCloseTo(1, 5))
      },
    )

    test('moves only the heads of the cells it sees, and keeps no tensors', async () => {
      const trainer = madeTrainer(network('regressor'), 'sgd')
      const batch = madeFrames(4).read([0, 1, 2, 3])
      const bias = () => trainer.state.parameters.get('last.bias')?.dataSync() ?? expect.fail('no bias')
      const before = Float32Array.from(bias())
      await trainer.update(batch, 1e-4, [1, 2])
      const count = tf.memory().numTensors
      await trainer.update(batch, 1e-4, [1, 2])
      await trainer.score(batch)
      expect(tf.memory().numTensors).toBe(count)
      const moved = new Set(Array.from(bias()).flatMap((value, i) => (value === before[i] ? [] : [i >> 1])))
      expect(moved).toEqual(new Set(batch.cells))
      trainer.dispose()
    })

    test('keeps no tensors of a step that fails', async () => {
      const trainer = madeTrainer(network('regressor'), 'sgd')
      const batch = madeFrames(4).read([0, 1, 2, 3])
      const update = () => trainer.update(batch, 1e-4, [1, 2])
      await update()
      const count = tf.memory().numTensors
      vi.spyOn(tf.Tensor.prototype, 'data').mockRejectedValueOnce(new Error('the device is lost'))
      await expect(update()).rejects.toThrow('the device is lost')
      expect([trainer.step, tf.memory().numTensors]).toEqual([1, count])
      await expect(trainer.update({ ...batch, height: 1 }, 1e-4, [1, 2])).rejects.toThrow()
      await expect(trainer.score({ ...batch, coordinates: new Float32Array(1) })).rejects.toThrow()
      expect(tf.memory().numTensors).toBe(count)
      trainer.dispose()
      const left = tf.memory().numTensors
      await expect(update()).rejects.toThrow()
      expect(tf.memory().numTensors).toBe(left)
    })

    test('that is stopped and goes on ends as if it never was', async () => {
      const whole = newFolder()
      const reports = await run(whole)
      expect(reports.map(({ epoch }) => epoch)).toEqual([0, 1])
      const parts = newFolder()
      // In the middle of an epoch, and before its test.
      const collected = [...(await run(parts, 1)), ...(await run(parts, 2)), ...(await run(parts))]
      if (onGpu) expectNumbersToRounding(collected, reports)
      else expect(collected).toEqual(reports)
      for (const file of ['resume.pth', 'model_0.pth'])
        expectSameFile(path.join(parts, file), path.join(whole, file))
    })

    test('that is killed goes on where it was saved, also in the middle of an epoch', async () => {
      const whole = newFolder()
      await run(whole)
      const parts = newFolder()
      const killed = new Error('killed')
      await expect(run(parts, 3, killed)).rejects.toThrow(killed)
      expect(readRunFile(parts).progress).toMatchObject({ step: 2, tested: 1 })
      await expect(run(parts, 4, killed, 1)).rejects.toThrow(killed)
      expect(readRunFile(parts).progress).toMatchObject({ step: 3, tested: 1 })
      await run(parts)
      for (const file of ['resume.pth', 'model_0.pth'])
        expectSameFile(path.join(parts, file), path.join(whole, file))
    })

    test('that a step has ruined leaves what was saved before', async () => {
      const folder = newFolder()
      await run(folder, 1)
      const before = readFileSync(path.join(folder, 'resume.pth'))
      // The loss of the step is as good as ever; what comes of it is not.
      await expect(run(folder, 2, undefined, 1, 1e39)).rejects.toThrow(
        /^training diverged: after step 2 numbers of .+ are not finite/,
      )
      expect(readFileSync(path.join(folder, 'resume.pth')).equals(before)).toBe(true)
    })
  })
})

test('an epoch whose test loss is no number is not the best for ever', async () => {
  const { best, saved } = await tested([5, NaN, 4])
  expect([best, saved.bestLoss]).toEqual([[true, false, true], 4])
})

test('a run whose test losses were never numbers ends with an error, after it is saved', async () => {
  const message =
    /^training diverged: in 2 epochs no test loss was a finite number, so that no network is saved/
  const saves: LocatorProgress[] = []
  const run = tested([NaN, Infinity], noProgress, saves)
  await expect(run).rejects.toThrow(message)
  await expect(run).rejects.toThrow(NothingLearned)
  expect(saves.at(-1)).toMatchObject({ step: 2, tested: 2, bestLoss: Infinity })
  // Not one that has a network from before.
  expect((await tested([NaN], { ...noProgress, bestLoss: 7 })).saved.bestLoss).toBe(7)
})

/** Trains an epoch for each of these test losses, of one frame each. */
async function tested(losses: readonly number[], progress = noProgress, saves: LocatorProgress[] = []) {
  const best: boolean[] = []
  let step = 0
  const trainer = {
    get step() {
      return step
    },
    state: { parameters: new Map(), moments: [], statistics: new Map() },
    update: () => Promise.resolve({ loss: Float32Array.of(1), quality: Float32Array.of(1), step: step++ }),
    score: () => Promise.resolve({ loss: Float32Array.of(losses[best.length] ?? NaN), quality: Float32Array.of(1) }), // prettier-ignore
    dispose: () => undefined,
  }
  await trainLocator({
    ...{ trainer, train: madeFrames(1), test: madeFrames(1), progress },
    config: { lr: 1, lr_step: 1, num_epochs: losses.length, batch_size: 1, save_interval: 9, with_transforms: false, seed: 0 }, // prettier-ignore
    onEpoch: (_, isBest) => best.push(isBest),
    save: (progress) => {
      saves.push(progress)
      return Promise.resolve(0)
    },
  })
  return { best, saved: saves.at(-1) ?? expect.fail('nothing was saved') }
}

/**
 * Trains two epochs of two steps into a folder, or goes on there, up to some step.
 * @param death what happens then, before anything can be saved; undefined: it is told to stop
 */
async function run(
  folder: string,
  until = Infinity,
  death?: Error,
  saveInterval = 100,
  lr = 1e-4,
): Promise<EpochReport[]> {
  const resumed = existsSync(path.join(folder, 'resume.pth')) ? readRunFile(folder) : undefined
  const progress = resumed?.progress ?? noProgress
  const regressor = network('regressor')
  const state = resumed?.load(regressor, 1) ?? start('regressor', 'sgd')
  const trainer = createLocatorTrainer(regressor, 'sgd', { state, step: progress.step })
  const stop = new AbortController()
  const reports: EpochReport[] = []
  let isDead = false
  const isDone = await trainLocator({
    ...{ trainer, train: madeFrames(10), test: madeFrames(5), progress, signal: stop.signal },
    config: { lr, lr_step: 1, num_epochs: 2, batch_size: 4, save_interval: saveInterval, with_transforms: true, seed: 3 }, // prettier-ignore
    onStep: (step) => {
      if (step < until) return
      isDead = death !== undefined
      if (death) throw death
      stop.abort()
    },
    onEpoch(report, isBest) {
      reports.push(report)
      if (!isBest) return
      const weights = locatorStateDict(regressor, trainer.state, trainer.step)
      writeTorchFile(path.join(folder, `model_${report.epoch}.pth`), weights)
    },
    async save(reached) {
      if (isDead) throw new Error('nothing is written any more')
      writeRunFile(folder, { lr: 1e-4 }, reached, regressor, trainer.state)
      return Promise.resolve(0)
    },
  })
  expect(isDone).toBe(until === Infinity)
  trainer.dispose()
  return reports
}

/**
 * Of two runs of the same steps: the same bits. On a GPU, which adds in no fixed order, each tensor but for a hundredth
 * of its size; a step more or less changes moments and running statistics by a tenth and more.
 */
function expectSameFile(actual: string, expected: string): void {
  if (!onGpu) {
    expect(readFileSync(actual).equals(readFileSync(expected))).toBe(true)
    return
  }
  const [a, b] = [actual, expected].map((file) => tensorsByName(readTorchFile(file))) as [Tensors, Tensors]
  expect([...a.keys()]).toEqual([...b.keys()])
  expect(b.size).toBeGreaterThan(0)
  for (const [name, tensor] of b) {
    const wanted = tensor.toFloat32()
    const apart = a
      .get(name)
      ?.toFloat32()
      .map((value, i) => value - (wanted[i] ?? NaN))
    expect(apart && squares(apart), name).toBeLessThanOrEqual(1e-4 * squares(wanted))
  }
}

const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0)

type Tensors = ReturnType<typeof tensorsByName>

describe('weights', () => {
  test('go from and to a state dict that coordinates are found with', () => {
    const folder = newFolder()
    const kinds = ['classifier', 'regressor'] as const
    const files = kinds.map((kind) => {
      const weights = readLocatorWeights(network(kind), initialLocator(network(kind), 1))
      const file = path.join(folder, `${kind}.pth`)
      writeTorchFile(file, locatorStateDict(network(kind), weights, 7))
      return file
    })
    const [classifier = '', regressor = ''] = files
    loadLocator({ classifier, regressor }).dispose()
    const names = [...tensorsByName(readTorchFile(regressor)).keys()]
    expect(names.slice(0, 7)).toEqual([
      'resnet.conv1.weight',
      ...['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].map(
        (part) => `resnet.bn1.${part}`,
      ),
      'resnet.layer1.0.conv1.weight',
    ])
    expect(names.at(-1)).toBe('regressors.99.bias')

    // All but the last layer may come from a file, whatever its last layer.
    const begun = initialLocator(network('classifier'), 2, regressor).tensors
    const kernel = (tensors: ReadonlyMap<string, { toFloat32(): Float32Array }>, name: string) =>
      tensors.get(name)?.toFloat32() ?? expect.fail(`no ${name}`)
    const saved = tensorsByName(readTorchFile(regressor))
    expect(kernel(begun, 'layer1.0.conv1.weight')).toEqual(kernel(saved, 'resnet.layer1.0.conv1.weight'))
    expect([...begun.keys()].filter((name) => name.includes('regressors'))).toEqual([])
    const other = path.join(folder, 'other.pth')
    writeTorchFile(other, { weight: tensor('float32', [1], [1]) })
    expect(() => initialLocator(network('classifier'), 2, other)).toThrow(
      'other.pth: the tensor conv1.weight is missing',
    )
  })

  test('a regressor begins in the middle of each cell', () => {
    const { tensors } = initialLocator(network('regressor'), 1)
    expect([...(tensors.get('regressors.37.bias')?.toFloat32() ?? [])]).toEqual([
      -10 + 3.5 * 41,
      -10 + 7.5 * 41,
    ])
  })
})
