import { nextTurn } from './next-turn.js'

/** A long computation that pauses after parts of at most some tenths of a second, and in the end returns its result. */
export type Steps<T> = Generator<void, T, undefined>

/**
 * Computes to the end, with turns of the event loop in between.
 * @throws the signal's reason, if the person wants to stop
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await nextTurn(signal)
  }
}

/** Computes to the end at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Multiplications between two pauses, of which each costs some microseconds: a few hundredths of a second. */
const PART = 2e7

/** Counts multiplications: whether a pause is due after so many more. */
export function pauses(): (more: number) => boolean {
  let work = 0
  return (more) => {
    work += more
    if (work < PART) return false
    work = 0
    return true
  }
}
