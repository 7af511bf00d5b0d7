import { UserError } from '../../errors.js'
import type { BadStep } from './bad-step-report.js'

/** How many steps were skipped: what resuming needs. */
export interface BadStepCounts {
  /** Since the run began. */
  readonly total: number
  /** Without a good one in between, up to now. */
  readonly inARow: number
}

/** Counts the steps that were skipped. */
export interface BadSteps {
  /** A step that was taken: the row is over. */
  good(): void
  /** @throws TrainingDiverged if it is one too many in a row. */
  bad(step: BadStep): void
  counts(): BadStepCounts
}

/** So many steps in a row were bad that more of them would be of no use. */
export class TrainingDiverged extends UserError {
  override readonly name = 'TrainingDiverged'
}

/**
 * @param most bad steps in a row that end a run; 0: none do
 * @param saved the counts of a run to go on from; one that was ended by its bad steps gets as many once more
 */
export function badSteps(most: number, saved: BadStepCounts = { total: 0, inARow: 0 }): BadSteps {
  let { total } = saved
  let inARow = most > 0 && saved.inARow >= most ? 0 : saved.inARow
  return {
    good: () => {
      inARow = 0
    },
    bad: ({ step, fault }) => {
      total++
      inARow++
      if (most === 0 || inARow < most) return
      throw new TrainingDiverged(
        `training diverged: ${inARow === 1 ? `step ${step} was` : `the last ${inARow} steps were`} bad, ` +
          `at step ${step} ${fault}; go on from the last checkpoint with a lower --lr, or see ` +
          'bad-steps.jsonl for the batches',
      )
    },
    counts: () => ({ total, inARow }),
  }
}
