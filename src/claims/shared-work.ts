import { setTimeout } from 'node:timers/promises'
import type { ClaimOptions } from './claims.js'

/** Of work on numbered things, such as videos or stages, that any number of processes share by claims. */
export interface SharedWorkCallbacks {
  /** Called again and again while all that is left is in the hands of other processes, with the numbers. */
  readonly onOthers?: (left: readonly number[]) => void
  readonly signal?: AbortSignal
  readonly claims?: ClaimOptions
}

/** Milliseconds between two looks at what other processes do, where there is nothing else to do. */
const LOOK_AGAIN = 1000

/**
 * Waits until it is time to look at what other processes do.
 * @throws the signal's reason, as soon as it aborts.
 */
export async function waitForOthers(signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(LOOK_AGAIN, undefined, { ...(signal && { signal }) })
  } catch (error) {
    // The timer's own error says nothing but that it was aborted.
    signal?.throwIfAborted()
    throw error
  }
}
