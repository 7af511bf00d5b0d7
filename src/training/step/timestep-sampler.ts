import { UserError } from '../../errors.js'
import type { HostRandom } from '../../random.js'

/** Draws the diffusion step at which each video of a batch is trained. */
export interface TimestepSampler {
  /**
   * @param random one generator per video, so that a video's step does not depend on its batch
   * @returns per video a step in [0, numTimesteps) and the weight that keeps the loss's mean unbiased
   */
  sample(random: readonly HostRandom[]): TimestepDraw
  /** Learns from the unweighted losses at the steps drawn. */
  update(timesteps: readonly number[], losses: readonly number[]): void
  /** What resuming needs: JSON-serialisable. */
  state(): TimestepSamplerState
}

export interface TimestepDraw {
  readonly timesteps: readonly number[]
  readonly weights: readonly number[]
}

/** The last losses of each step, oldest first; no entries for a sampler that does not learn. */
export interface TimestepSamplerState {
  readonly history: readonly (readonly number[])[]
}

/** Losses remembered per step, and the share of draws that stays uniform. */
const HISTORY = 10
const UNIFORM_SHARE = 0.001

/**
 * The sampler of a name of the option `schedule_sampler`.
 * @param saved the state of a sampler to go on from
 * @throws UserError if the saved state is for another number of steps.
 */
export function timestepSampler(
  name: 'uniform' | 'loss-second-moment',
  numTimesteps: number,
  saved?: TimestepSamplerState,
): TimestepSampler {
  return name === 'uniform' ? uniformSampler(numTimesteps) : lossSecondMomentSampler(numTimesteps, saved)
}

function uniformSampler(numTimesteps: number): TimestepSampler {
  return {
    sample: (random) => ({
      timesteps: random.map((generator) => generator.integer(0, numTimesteps)),
      weights: random.map(() => 1),
    }),
    update: () => undefined,
    state: () => ({ history: [] }),
  }
}

/**
 * Steps in proportion to the root mean square of their last losses, uniform until every step has its
 * history (Nichol & Dhariwal 2021, section 3.3).
 */
function lossSecondMomentSampler(numTimesteps: number, saved?: TimestepSamplerState): TimestepSampler {
  const past = saved?.history.length ? saved.history : Array.from({ length: numTimesteps }, () => [])
  if (past.length !== numTimesteps)
    throw new UserError(
      `the saved loss history is for ${past.length} diffusion steps, not ${numTimesteps}: ` +
        'resume with the same --diffusion_steps and --timestep_respacing',
    )
  const history = past.map((losses) => [...losses])
  return {
    sample: (random) => {
      const probabilities = stepProbabilities(history)
      const timesteps = random.map((generator) => pick(probabilities, generator.uniform()))
      return { timesteps, weights: timesteps.map((t) => 1 / (numTimesteps * (probabilities[t] ?? NaN))) }
    },
    update: (timesteps, losses) => {
      timesteps.forEach((t, i) => {
        const row = history[t]
        if (!row) throw new RangeError(`timestep ${t} is not in [0, ${numTimesteps})`)
        row.push(losses[i] ?? NaN)
        if (row.length > HISTORY) row.shift()
      })
    },
    state: () => ({ history: history.map((losses) => [...losses]) }),
  }
}

function stepProbabilities(history: readonly (readonly number[])[]): readonly number[] {
  const uniform = 1 / history.length
  if (history.some((losses) => losses.length < HISTORY)) return history.map(() => uniform)
  const roots = history.map((losses) => Math.sqrt(sum(losses.map((loss) => loss * loss)) / HISTORY))
  const total = sum(roots)
  // All losses zero: nothing to prefer.
  if (total === 0) return history.map(() => uniform)
  return roots.map((root) => (root / total) * (1 - UNIFORM_SHARE) + UNIFORM_SHARE * uniform)
}

/** Inverse of the cumulative distribution; the last step takes what rounding leaves over. */
function pick(probabilities: readonly number[], u: number): number {
  let below = 0
  for (const [t, probability] of probabilities.entries()) {
    below += probability
    if (u < below) return t
  }
  return probabilities.length - 1
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
