import type { LocatorNetwork } from '../../../src/carla/training/locator-network.js'
import { initialLocator } from '../../../src/carla/training/initial-locator.js'
import { zeroMoments } from '../../../src/carla/training/locator-run-file.js'
import type { LocatorState } from '../../../src/carla/training/locator-step.js'
import { createLocatorTrainer, type LocatorTrainer } from '../../../src/carla/training/locator-trainer.js'
import { readLocatorWeights } from '../../../src/carla/training/locator-weights.js'
import { OPTIMIZERS, type OptimizerName } from '../../../src/carla/training/optimizers.js'
import { madeFrames } from '../../helpers/made-frames.js'

/** A trainer at its first step, of weights that are the same each time. */
export function madeTrainer(network: LocatorNetwork, optimizer: OptimizerName): LocatorTrainer {
  return createLocatorTrainer(network, optimizer, { state: startState(network, optimizer), step: 0 })
}

export function startState(network: LocatorNetwork, optimizer: OptimizerName): LocatorState {
  const weights = readLocatorWeights(network, initialLocator(network, 1))
  return { ...weights, moments: zeroMoments(weights.parameters, OPTIMIZERS[optimizer].moments) }
}

export const eightFrames = madeFrames(8).read([0, 1, 2, 3, 4, 5, 6, 7])

export const meanLoss = ({ loss }: { readonly loss: Float32Array }) =>
  loss.reduce((sum, value) => sum + value, 0) / loss.length

/** The mean losses of three updates at lr 1e-4, each of the same eight frames, and of these in evaluation after them. */
export async function lossesOfTraining(network: LocatorNetwork, optimizer: OptimizerName): Promise<number[]> {
  const trainer = madeTrainer(network, optimizer)
  const losses: number[] = []
  for (let i = 0; i < 3; i++) losses.push(meanLoss(await trainer.update(eightFrames, 1e-4, [1, 2])))
  losses.push(meanLoss(await trainer.score(eightFrames)))
  trainer.dispose()
  return losses
}
