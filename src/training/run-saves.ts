import { emaRates } from '../config/training.js'
import { passingFailureOf } from '../files/passing-failure.js'
import { keepNewest } from './checkpoints/keep-newest.js'
import { saveCheckpoint, type HostState, type Saved } from './checkpoints/save-checkpoint.js'
import type { RunClaim } from './claim-run.js'
import type { LoopProgress } from './loop.js'
import { patientSave, type PatientSaveSetup, type SaveTry } from './outages/patient-save.js'
import type { RunParts } from './run-parts.js'
import type { ResolvedTrainRun } from './train-run.js'

/** The sets of files that a run saves, and those of them that it keeps. */
export interface RunSaves {
  /** The last files written, if any were. */
  readonly saved: Saved | undefined
  /**
   * Writes the trainer's state and all that belongs to it.
   * @returns after how many more steps it is to be called again, 0 when it is saved
   * @throws UserError for what waiting does not change; LostWork if the last step is not saved in the end.
   */
  save(progress: LoopProgress, asked: SaveTry): Promise<number>
  /** Removes the sets that are not to be kept; says so if it cannot. */
  removeOld(): void
}

export function runSaves(
  { config, onSave }: ResolvedTrainRun,
  { trainer, sampler, badSteps, videos, start }: RunParts,
  claim: Pick<RunClaim, 'requireHeld'>,
  saving: PatientSaveSetup,
): RunSaves {
  const { folder, commonBatch } = start
  const rates = emaRates(config)
  const patiently = patientSave(saving)
  let saved: Saved | undefined
  return {
    get saved() {
      return saved
    },
    async save({ lastLine, means, sampledAt }, asked) {
      const { step, optimizerStep, state } = trainer
      const host: HostState = {
        step,
        lastLine,
        timesteps: sampler.state(),
        means,
        badSteps: badSteps.counts(),
        commonBatch: commonBatch.now,
        ...(sampledAt === undefined ? {} : { sampledAt }),
        ...(videos && { videos }),
      }
      const write = () => {
        claim.requireHeld()
        saved = saveCheckpoint(folder, config, rates, { ...state, optimizerStep }, host)
      }
      const wait = await patiently(write, asked)
      if (wait === 0 && saved) onSave?.(saved, step)
      return wait
    },
    removeOld() {
      const failure = passingFailureOf(() => void keepNewest(folder, config.keep, rates))
      if (failure) saving.tell({ kind: 'not removed', reason: failure.message })
    },
  }
}
