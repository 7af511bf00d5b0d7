import { setImmediate } from 'node:timers/promises'

/**
 * Ends a turn of the event loop. Signals and timers are heard between turns alone, and neither a computation nor
 * waiting for what is computed already ends one: a loop without this does not notice Ctrl-C, and a second one does not end it.
 * @throws the signal's reason, if the person wants to stop
 */
export async function nextTurn(signal?: AbortSignal): Promise<void> {
  await setImmediate()
  signal?.throwIfAborted()
}
