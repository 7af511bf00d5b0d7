import { beforeAll, describe, expect, it } from 'vitest'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { createModel } from '../../src/model/video-model.js'
import { hostRandom } from '../../src/random.js'
import { nativeExtension } from '../../src/runtime/native-extension.js'
import type { GraphNode } from '../../src/runtime/recording/graph-def.js'
import { record } from '../../src/runtime/recording/record.js'
import { startRuntime } from '../../src/runtime/start.js'
import { flattenTree } from '../../src/runtime/tensor-tree.js'
import { tensorflowBackend } from '../../src/runtime/tensorflow-backend.js'
import { tf, type Tensor } from '../../src/runtime/tf.js'
import type { Batch } from '../../src/training/batches/batch.js'
import { ADAMW_DEFAULTS } from '../../src/training/step/adamw.js'
import { feedMicroBatch } from '../../src/training/step/feed.js'
import { packedNetwork } from '../../src/training/step/packed-network.js'
import { packingOf, packState } from '../../src/training/step/packed-state.js'
import { initialState } from '../../src/training/step/state.js'
import { trainingStep } from '../../src/training/step/step.js'
import { trainedNetwork } from '../../src/training/step/trained-network.js'
import { onGpu } from '../helpers/on-gpu.js'
import { ownBinding } from '../helpers/own-binding.js'
import { tinyConfig } from '../helpers/tiny-model.js'

const CONFIG = tinyConfig()

describe.runIf(ownBinding)('the graph of a training step', () => {
  let nodes: readonly GraphNode[] = []
  const named = (source: string) =>
    nodes.find(({ name }) => name === source.slice(0, source.lastIndexOf(':')))
  const count = (op: string) => nodes.filter((node) => node.op === op).length

  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
    nodes = recordedStep()
  })

  it('has no constants as large as frames', () => {
    for (const { op, shapes } of nodes.filter(({ op }) => op === 'Const' || op === 'Fill'))
      expect(Math.max(...shapes.map((shape) => tf.util.sizeFromShape([...shape]))), op).toBeLessThan(1000)
  })

  it('has no transposition that undoes the one before it', () => {
    const transpositions = nodes.filter(({ op }) => op === 'Transpose')
    for (const { inputs, shapes } of transpositions) {
      let before = named(inputs[0] ?? '')
      while (before?.op === 'Reshape' || before?.op === 'Cast') before = named(before.inputs[0] ?? '')
      if (before?.op !== 'Transpose') continue
      const original = named(before.inputs[0] ?? '')?.shapes[0]
      expect(shapes[0], 'shape after a second transposition').not.toEqual(original)
    }
  })

  it('computes distances of frames once', () => {
    expect(count('Log1p')).toBe(2)
  })

  it('updates all parameters with one operation on processors', () => {
    expect(count('FdmAdamW')).toBe(onGpu ? 0 : 1)
    expect(count('L2Loss')).toBe(1)
    expect(count('FdmHold')).toBe(0)
  })

  // Buckets are told by their updates, which are many operations each on a GPU.
  it.skipIf(onGpu)(
    'computes no gradients of one bucket before those of the buckets after it are there',
    () => {
      const inBuckets = recordedStep(4)
      const updates = inBuckets.filter(({ op }) => op === 'FdmAdamW')
      const holds = updates.map((update) => before(inBuckets, update).filter(({ op }) => op === 'FdmHold'))
      expect(holds.map(({ length }) => length)).toEqual([3, 2, 1, 0])
      // What is held back for a bucket has its whole gradient: that which its update takes.
      const awaited = new Set(holds[0]?.map(({ inputs }) => inputs[1]))
      expect(updates.slice(1).map(({ inputs }) => inputs.some((input) => awaited.has(input)))).toEqual([
        true,
        true,
        true,
      ])
      // Nothing is left out but the hold itself.
      const convolutions = (list: readonly GraphNode[]) => list.filter(({ op }) => op.includes('Conv')).length
      expect(convolutions(inBuckets)).toBe(convolutions(nodes))
    },
  )
})

/** All that an operation's inputs are computed from. */
function before(nodes: readonly GraphNode[], end: GraphNode): readonly GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const found = new Set([end])
  // A set goes on to what is added to it meanwhile.
  for (const { inputs } of found)
    for (const input of inputs) {
      const node = byName.get(input.slice(0, input.lastIndexOf(':')))
      if (node) found.add(node)
    }
  return [...found]
}

/**
 * What a step of two videos of three frames does, of which two are observed.
 * @param buckets tensors that the parameters lie in
 */
function recordedStep(buckets = 1): readonly GraphNode[] {
  const [backend, extension] = [tensorflowBackend(), nativeExtension()]
  if (!backend || !extension) throw new Error('TensorFlow was not started')
  const diffusion = createDiffusion(CONFIG)
  const isObserved = Float32Array.from([1, 0, 0, 0, 1, 0])
  const isLatent = isObserved.map((observed) => 1 - observed)
  const batch: Batch = {
    shape: [2, 3, 32, 32, 3],
    pixels: new Uint8Array(2 * 3 * 32 * 32 * 3),
    obsMask: isObserved,
    latentMask: isLatent,
    lossMask: isLatent,
    frameIndices: Int32Array.from([0, 1, 2, 3, 5, 8]),
  }
  let nodes: readonly GraphNode[] = []
  tf.tidy(() => {
    const microBatch = feedMicroBatch(batch, diffusion, {
      timesteps: [3, 4],
      weights: [1, 1],
      noise: [hostRandom(1), hostRandom(2)],
      dropout: hostRandom(3),
    })
    const scalars = { keep: tf.scalar(1), stepSize: tf.scalar(1), rootCorrection: tf.scalar(1) }
    const { parameters } = createModel(CONFIG, { seed: 0 })
    const packing = packingOf(parameters, buckets)
    const state = packState(initialState(parameters, 1), packing)
    const network = packedNetwork(trainedNetwork(CONFIG), packing, buckets > 1)
    const settings = { ...ADAMW_DEFAULTS, diffusion, emaRates: [0.9], network }
    const given = flattenTree([state, { microBatches: [microBatch], scalars }] as const)
    const step = (tensors: readonly Tensor[]) =>
      flattenTree(trainingStep(settings, ...given.rebuild(tensors))).tensors
    nodes = record(backend, extension, step, given.tensors).nodes
  })
  return nodes
}
