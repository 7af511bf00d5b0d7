import { LostWork, UserError } from '../../errors.js'
import { passingFailureOf } from '../../files/passing-failure.js'
import type { DiskNews } from './disk-news.js'
import type { SavePatience } from './save-patience.js'
import { tryAgain } from './try-again.js'

/** When something is saved: the last time there is nothing to go on with meanwhile. */
export type SaveOccasion = 'on the way' | 'at the end' | 'when stopped'

export interface SaveTry {
  readonly step: number
  readonly occasion: SaveOccasion
  /** Milliseconds that a step takes. */
  readonly stepTime: number
}

export interface PatientSaveSetup {
  readonly patience: SavePatience
  /** Milliseconds since some moment. */
  readonly now: () => number
  readonly tell: (news: DiskNews) => void
  /** Ends the wait at the end of a run. */
  readonly signal?: AbortSignal | undefined
}

/** A try in vain, such as one that fills what a disk has left, takes at most this share of a run's time. */
const SHARE = 1 / 20
/** Steps until the next try where steps take no time. */
const MAX_STEPS = 10_000
const NO_TIME = 1e-3

/**
 * Saves, in spite of disks that are full or away for a while.
 * @returns what saves by calling `write`: gives the steps after which it is to be tried again, 0 when it is saved
 * @throws UserError for what waiting does not change; LostWork if the last step is not saved in the end.
 */
export function patientSave({ patience, now, tell, signal }: PatientSaveSetup) {
  let failures = 0
  const failed = (step: number, { message: reason }: Error, wait: number, goesOn: boolean) => {
    failures++
    tell({ kind: 'not saved', step, reason, wait: wait / 1000, goesOn })
  }
  const worked = (step: number) => {
    if (failures > 0) tell({ kind: 'saved again', step, failures })
    failures = 0
  }

  const once = (write: () => void, step: number, stepTime: number): number => {
    const started = now()
    const failure = passingFailureOf(write)
    if (!failure) return 0
    const wait = Math.max(patience.between, (now() - started) / SHARE)
    failed(step, failure, wait, true)
    return Math.min(Math.max(1, Math.ceil(wait / Math.max(stepTime, NO_TIME))), MAX_STEPS)
  }

  const forTheLastTime = async (write: () => void, step: number, waits: readonly number[]) => {
    const lost = (error: Error) =>
      new LostWork(`step ${step} is not saved: ${error.message}`, { cause: error })
    const failure = await tryAgain(
      () => {
        try {
          return passingFailureOf(write)
        } catch (error) {
          throw error instanceof UserError ? lost(error) : error
        }
      },
      { waits, signal, onWait: (failure, wait) => failed(step, failure, wait, false) },
    )
    if (failure) throw lost(failure)
  }

  return async (write: () => void, { step, occasion, stepTime }: SaveTry): Promise<number> => {
    let wait = 0
    if (occasion === 'on the way') wait = once(write, step, stepTime)
    else await forTheLastTime(write, step, occasion === 'at the end' ? patience.atEnd : patience.whenStopped)
    if (wait === 0) worked(step)
    return wait
  }
}
