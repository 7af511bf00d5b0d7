import type { Metrics, Tracker } from '../../tracking/tracker.js'
import type { HeldWrites } from './held-writes.js'

/** Bytes that a number of a line takes in memory, with its name. */
const NUMBER = 64

/**
 * A tracker whose lines wait when its disk does not take them.
 * @param check called before each is written; may throw
 */
export function heldTracker(tracker: Tracker, writes: HeldWrites, check: () => void): Tracker {
  return {
    log(step: number, metrics: Metrics) {
      writes.add(NUMBER * Object.keys(metrics).length, (age) => {
        check()
        tracker.log(step, metrics, age)
      })
    },
    media(step, name, media) {
      if (!tracker.media) return
      writes.add(media.bytes.length, (age) => {
        check()
        tracker.media?.(step, name, media, age)
      })
    },
    close: (outcome) => tracker.close?.(outcome),
  }
}
