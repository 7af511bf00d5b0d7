import { isPassing } from '../../files/passing-failure.js'
import type { DiskNews } from './disk-news.js'

/**
 * Tells once when a place takes nothing any more, and once when it does again.
 * @param what the place's name, for the person
 */
export function outage(what: string, tell: (news: DiskNews) => void) {
  let [isDown, lost] = [false, 0]
  return {
    /** @returns the failure; throws it if waiting does not change it */
    failed(error: unknown): Error {
      if (!isPassing(error)) throw error
      if (!isDown) tell({ kind: 'not written', what, reason: (error as Error).message })
      isDown = true
      return error as Error
    },
    /** Something that waited was too much to be kept. */
    lost(): void {
      lost++
    },
    worked(): void {
      if (isDown) tell({ kind: 'written again', what, lost })
      ;[isDown, lost] = [false, 0]
    },
  }
}
