import type { TrainingConfig } from '../../config/training.js'

/**
 * The learning rate of the next update: `lr`, falling linearly to 0 over `lr_anneal_steps` if that is set.
 * @param step updates done
 */
export function learningRate(
  { lr, lr_anneal_steps: annealSteps }: Pick<TrainingConfig, 'lr' | 'lr_anneal_steps'>,
  step: number,
): number {
  return annealSteps === 0 ? lr : lr * Math.max(0, 1 - step / annealSteps)
}

/** Updates after which a run ends: infinity if neither `max_steps` nor `lr_anneal_steps` is set. */
export function lastStep({
  max_steps: maxSteps,
  lr_anneal_steps: annealSteps,
}: Pick<TrainingConfig, 'max_steps' | 'lr_anneal_steps'>): number {
  return Math.min(maxSteps || Infinity, annealSteps || Infinity)
}

/** Those of the options of `lastStep` that keep a run from going on beyond a step: larger ones of these let it. */
export function endedBy(
  config: Pick<TrainingConfig, 'max_steps' | 'lr_anneal_steps'>,
  step: number,
): readonly ('max_steps' | 'lr_anneal_steps')[] {
  const limits = ['max_steps', 'lr_anneal_steps'] as const
  return limits.filter((name) => config[name] !== 0 && config[name] <= step)
}
