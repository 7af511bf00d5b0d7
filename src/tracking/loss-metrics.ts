import type { RunningMeans } from './running-means.js'

/** Losses of a batch on the host, one value per video, by kind. */
export type HostLosses = Readonly<Record<string, ArrayLike<number>>>

/**
 * Adds the losses of a batch to the means: each kind as the batch's weighted mean, and each video's under the
 * quarter of the diffusion process that its timestep lies in, as `loss_q0` (least noise) to `loss_q3`.
 * @param weights importance of each video's loss
 */
export function addLosses(
  means: RunningMeans,
  losses: HostLosses,
  draw: { readonly timesteps: readonly number[]; readonly weights: readonly number[] },
  numTimesteps: number,
): void {
  for (const [kind, values] of Object.entries(losses)) {
    const weighted = Array.from(values, (value, b) => value * (draw.weights[b] ?? NaN))
    means.add(kind, weighted.reduce((total, value) => total + value, 0) / weighted.length)
    weighted.forEach((value, b) => {
      const quartile = Math.floor((4 * (draw.timesteps[b] ?? NaN)) / numTimesteps)
      means.add(`${kind}_q${quartile}`, value)
    })
  }
}
