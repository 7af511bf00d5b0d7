import type { SaveTry } from './patient-save.js'

/** When a loop saves: never what is saved already, and not while a disk that does not take it is left alone. */
export interface DueSaves {
  /** Called before a step with the moment: the first one's is what the time of steps is counted from. */
  begin(step: number, time: number): void
  /** There is something to save. */
  changed(): void
  /** It is to be saved as soon as it may be tried. */
  ask(): void
  /** Saves if that was asked for, and may be tried after this step. */
  onTheWay(step: number): Promise<void>
  /** Saves what is not saved. */
  last(step: number, occasion: Exclude<SaveTry['occasion'], 'on the way'>): Promise<void>
  /** What saving has thrown, after which there is nothing to try. */
  readonly failure: unknown
}

/**
 * @param save gives the steps after which it is to be tried again, 0 when all is saved
 * @param now milliseconds since some moment
 */
export function dueSaves(save: (asked: SaveTry) => Promise<number>, now: () => number): DueSaves {
  let [hasNews, isDue] = [false, false]
  /** The step from which it may be tried, where it was tried in vain. */
  let from = 0
  let begun: { readonly step: number; readonly time: number } | undefined
  let failure: unknown

  /** Where no step was done it may be tried after the next. */
  const stepTime = (step: number) =>
    begun && step > begun.step ? (now() - begun.time) / (step - begun.step) : Infinity

  const attempt = async (step: number, occasion: SaveTry['occasion']) => {
    if (!hasNews) return
    try {
      const wait = await save({ step, occasion, stepTime: stepTime(step) })
      from = step + wait
      if (wait > 0) return
      ;[hasNews, isDue] = [false, false]
    } catch (error) {
      failure = error
      throw error
    }
  }

  return {
    begin(step, time) {
      begun ??= { step, time }
    },
    changed() {
      hasNews = true
    },
    ask() {
      isDue = true
    },
    async onTheWay(step) {
      if (isDue && step >= from) await attempt(step, 'on the way')
    },
    last: attempt,
    get failure() {
      return failure
    },
  }
}
