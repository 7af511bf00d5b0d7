/** How long a run waits for a disk that does not take what it saves. */
export interface SavePatience {
  /** Milliseconds of training between two tries. */
  readonly between: number
  /** Milliseconds before each further try to save the last step, where the run has come to its end. */
  readonly atEnd: readonly number[]
  /** The same where somebody waits: it was told to stop, or its data cannot be read. */
  readonly whenStopped: readonly number[]
}

const SECOND = 1000

/** Schedulers that stop a job kill it half a minute later or more; at the end ten minutes are left to make room. */
export const SAVE_PATIENCE: SavePatience = {
  between: 60 * SECOND,
  atEnd: [5 * SECOND, 25 * SECOND, ...Array<number>(9).fill(63 * SECOND)],
  whenStopped: [1 * SECOND, 4 * SECOND, 7 * SECOND, 10 * SECOND],
}
