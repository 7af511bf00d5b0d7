import { setTimeout } from 'node:timers/promises'

export interface TryAgain {
  /** Milliseconds before each further try. */
  readonly waits: readonly number[]
  /** If it comes meanwhile there is one more try, at once. One that has come before changes nothing. */
  readonly signal?: AbortSignal | undefined
  /** Told what went wrong, and of the wait that follows. */
  readonly onWait?: ((failure: Error, wait: number) => void) | undefined
}

/**
 * Tries something until it works, some times.
 * @param attempt gives what it failed of, undefined if it worked
 * @returns what the last try failed of, undefined if it worked
 */
export async function tryAgain(
  attempt: () => Error | undefined | Promise<Error | undefined>,
  { waits, signal, onWait }: TryAgain,
): Promise<Error | undefined> {
  const stop = signal?.aborted ? undefined : signal
  for (let tries = 0; ; tries++) {
    const isLast = stop?.aborted === true
    const failure = await attempt()
    const wait = waits[tries]
    if (!failure || wait === undefined || isLast) return failure
    onWait?.(failure, wait)
    await pause(wait, stop)
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch {
    // Told to stop.
  }
}
