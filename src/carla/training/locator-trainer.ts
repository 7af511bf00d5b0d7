import { compileSettings } from '../../runtime/compile-settings.js'
import { compile } from '../../runtime/compile.js'
import { tf, type Tensor, type Tensor1D } from '../../runtime/tf.js'
import { TrainingDiverged } from '../../training/bad-steps/bad-steps.js'
import { runningLayers } from '../network/batch-layers.js'
import { scoreFrames, type LocatorNetwork, type PlacedBatch, type Scores } from './locator-network.js'
import { locatorStep, type LocatorState } from './locator-step.js'
import { OPTIMIZERS, type OptimizerName } from './optimizers.js'
import type { PlacedFrames } from './placed-frames.js'

/** One number per frame. */
export interface FrameScores {
  readonly loss: Float32Array
  readonly quality: Float32Array
}

export interface LocatorTrainer {
  /** Updates done. */
  readonly step: number
  readonly state: LocatorState
  /**
   * One update.
   * @param seed of what the network leaves out at random
   * @throws TrainingDiverged if the loss is not a number; the state is then the one before the update.
   */
  update(batch: PlacedFrames, lr: number, seed: readonly [number, number]): Promise<FrameScores>
  /** How well it does on frames, with the running statistics. */
  score(batch: PlacedFrames): Promise<FrameScores>
  dispose(): void
}

/**
 * @param start the state, owned by the trainer from then on, and how many updates it has behind it
 */
export function createLocatorTrainer(
  network: LocatorNetwork,
  optimizerName: OptimizerName,
  start: { readonly state: LocatorState; readonly step: number },
): LocatorTrainer {
  const optimizer = OPTIMIZERS[optimizerName]
  let { state, step } = start
  const compiledStep = compile(
    (before: LocatorState, batch: PlacedBatch, scalars: Tensor[], seed: Tensor1D) =>
      locatorStep(network, optimizer, before, batch, scalars, seed),
    compileSettings(),
  )
  const compiledScores = compile(
    (batch: PlacedBatch, { parameters, statistics }: Pick<LocatorState, 'parameters' | 'statistics'>) =>
      scoreFrames(
        network,
        batch,
        parameters,
        runningLayers(parameters, statistics, network.backbone.normalisation),
      ),
    compileSettings(),
  )
  const computed = (batch: PlacedFrames, lr: number, seed: readonly [number, number]) => {
    const fed = feed(batch)
    const scalars = optimizer.scalars(lr, step + 1).map((value) => tf.scalar(value))
    const seeds = tf.tensor1d([...seed], 'int32')
    try {
      return compiledStep(state, fed, scalars, seeds)
    } finally {
      tf.dispose([{ ...fed }, scalars, seeds])
    }
  }
  return {
    get step() {
      return step
    },
    get state() {
      return state
    },
    async update(batch, lr, seed) {
      const result = computed(batch, lr, seed)
      // Of the states before and after the step the one that does not count.
      let superfluous = result.state
      try {
        const scores = await readBack(result.scores)
        if (!scores.loss.every(Number.isFinite))
          throw new TrainingDiverged(
            `training diverged at step ${step + 1}: the loss is no number; start again with a lower --lr`,
          )
        ;[state, superfluous] = [result.state, state]
        step++
        return scores
      } finally {
        disposeLocatorState(superfluous)
      }
    },
    async score(batch) {
      const fed = feed(batch)
      try {
        const { parameters, statistics } = state
        return await readBack(compiledScores(fed, { parameters, statistics }))
      } finally {
        tf.dispose({ ...fed })
      }
    },
    dispose() {
      compiledStep.dispose()
      compiledScores.dispose()
      disposeLocatorState(state)
    },
  }
}

function disposeLocatorState({ parameters, moments, statistics }: LocatorState): void {
  for (const tensors of [parameters, ...moments, statistics]) tf.dispose([...tensors.values()])
}

function feed({ pixels, coordinates, cells, height, width }: PlacedFrames): PlacedBatch {
  return tf.tidy(() => ({
    frames: tf.tensor4d(new Float32Array(pixels), [cells.length, height, width, 3]),
    coordinates: tf.tensor2d(coordinates, [cells.length, 2]),
    cells: tf.tensor1d(cells, 'int32'),
  }))
}

async function readBack({ loss, quality }: Scores): Promise<FrameScores> {
  try {
    const [losses, qualities] = await Promise.all([loss.data<'float32'>(), quality.data<'float32'>()])
    return { loss: losses, quality: qualities }
  } finally {
    tf.dispose([loss, quality])
  }
}
