import type { TrainingConfig } from '../../config/training.js'
import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { hostRandom } from '../../random.js'
import type { RankGroup } from '../../runtime/rank-group.js'
import { tf } from '../../runtime/tf.js'
import type { HostLosses } from '../../tracking/loss-metrics.js'
import type { Batch } from '../batches/batch.js'
import { ADAMW_DEFAULTS } from './adamw.js'
import { faultOf } from './bad-step.js'
import { checkSameParameters } from './check-same-parameters.js'
import { compileStep } from './compile-step.js'
import { disposeFed, feedStep, videosIn } from './feed-step.js'
import type { ParametricNetwork } from './gradients.js'
import { packedNetwork } from './packed-network.js'
import { packingOf, packState, unpackState } from './packed-state.js'
import { disposeState, type TrainingState } from './state.js'
import type { StepInputs, StepResult } from './step.js'
import type { TimestepDraw, TimestepSampler } from './timestep-sampler.js'

export interface TrainerSetup {
  readonly config: Pick<TrainingConfig, 'lr' | 'lr_anneal_steps' | 'weight_decay' | 'seed'> &
    Partial<Pick<TrainingConfig, 'skip_grad_norm'>>
  readonly network: ParametricNetwork
  readonly diffusion: GaussianDiffusion
  readonly emaRates: readonly number[]
  readonly timestepSampler: TimestepSampler
  /** Owned by the trainer from then on. */
  readonly state: TrainingState
  /** Steps done so far. */
  readonly step: number
  /** Updates the optimizer has counted: PyTorch's own checkpoints hold one more than steps. */
  readonly optimizerStep: number
  /** Those that share each batch, if it is not this process alone. */
  readonly ranks?: RankGroup | undefined
}

/** What one update shows on the host. */
export interface StepReport {
  /** Unweighted, one value per video. */
  readonly losses: HostLosses
  readonly draw: TimestepDraw
  readonly gradNorm: number
  /** What was wrong with the step, if anything: the state is then the one before it. */
  readonly fault?: string
  /** Of several ranks: whether one of them is to stop, so that all stop after the same step. */
  readonly stop?: boolean | undefined
}

/** The training state on the device, and the one way to move it on. */
export interface Trainer {
  /** Steps done, those that were skipped included. */
  readonly step: number
  /** Updates that the optimizer has counted: a skipped step is none. */
  readonly optimizerStep: number
  /** Valid until the next update. */
  readonly state: TrainingState
  /**
   * One step. All that is random in it depends on the seed and the step alone. A step whose loss or gradient
   * is bad (`faultOf`) changes nothing but the count of steps: the state, the optimizer's own count and the
   * history of losses stay what they are. Of several ranks each gives its share of the batch, and all get the
   * same report.
   * @param stop what this rank would have all of them do afterwards
   */
  update(microBatches: readonly Batch[], stop?: boolean): Promise<StepReport>
  dispose(): void
}

/** Of the gradients over ranks: enough for the first to be there long before the last. */
const SUMS = 4
/** Steps between checks that all ranks still have the same parameters. */
const CHECK_INTERVAL = 100

export function createTrainer(setup: TrainerSetup): Trainer {
  const { config, network, diffusion, emaRates, timestepSampler, ranks } = setup
  const packing = packingOf(setup.state.params, ranks ? SUMS : 1)
  const settings = {
    network: packedNetwork(network, packing),
    networkInOrder: ranks && packedNetwork(network, packing, true),
    ...{ diffusion, emaRates, ranks, ...ADAMW_DEFAULTS },
  }
  let { step, optimizerStep } = setup
  let packed = packState(setup.state, packing)
  disposeState(setup.state)
  // For those who look at the state between updates.
  let unpacked: TrainingState | undefined
  const forgetUnpacked = () => {
    if (unpacked) disposeState(unpacked)
    unpacked = undefined
  }
  const compiledStep = compileStep(settings)
  const computed = (fed: StepInputs) => {
    try {
      return compiledStep(packed, fed)
    } finally {
      disposeFed(fed)
    }
  }

  return {
    get step() {
      return step
    },
    get optimizerStep() {
      return optimizerStep
    },
    get state() {
      return (unpacked ??= unpackState(packed, packing))
    },
    async update(microBatches, stop = false) {
      forgetUnpacked()
      const size = (ranks?.size ?? 1) * videosIn(microBatches)
      const draw = timestepSampler.sample(
        Array.from({ length: size }, (_, video) => hostRandom(config.seed, 'timestep', step, video)),
      )
      const fed = feedStep(setup, { microBatches, draw, step, optimizerStep, stop })
      const result = computed(fed)
      // Of the states before and after the step the one that does not count.
      let superfluous = result.state
      let report: StepReport
      try {
        const { losses, gradNorm, ...common } = await readBack(result)
        const perVideo = Array.from(losses.loss ?? [])
        const mean = perVideo.reduce((total, value) => total + value, 0) / size
        const fault = faultOf({ loss: mean, gradNorm }, config.skip_grad_norm)
        step++
        report = { losses, draw, gradNorm, ...common, ...(fault !== undefined && { fault }) }
        if (fault !== undefined) return report
        timestepSampler.update(draw.timesteps, perVideo)
        ;[packed, superfluous] = [result.state, packed]
        optimizerStep++
      } finally {
        disposeState(superfluous)
      }
      if (ranks && step % CHECK_INTERVAL === 1) await checkSameParameters(ranks, packed.params, step)
      return report
    },
    dispose: () => {
      compiledStep.dispose()
      disposeState(packed)
      forgetUnpacked()
    },
  }
}

/** Reads what is shown and frees it. */
async function readBack({ losses, gradNorm, stop }: StepResult): Promise<Omit<StepReport, 'draw'>> {
  const named = Object.entries(losses)
  try {
    const values = await Promise.all(named.map(([, tensor]) => tensor.data()))
    const [norm = NaN] = await gradNorm.data()
    const stops = stop && (await stop.data())
    return {
      losses: Object.fromEntries(named.map(([name], i) => [name, values[i] ?? []])),
      gradNorm: norm,
      ...(stops && { stop: stops[0] !== 0 }),
    }
  } finally {
    tf.dispose([...named.map(([, tensor]) => tensor), gradNorm, ...(stop ? [stop] : [])])
  }
}
