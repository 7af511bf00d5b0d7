import type { DiskNews } from './disk-news.js'
import { outage } from './outage.js'

/** What is to be written to one place, in its order, whenever the place takes it. */
export interface HeldWrites {
  /**
   * Does it now if all before it is done and the disk takes it, else later.
   * @param bytes about what it holds in memory meanwhile
   * @param write called with the milliseconds since now; again if a disk does not take it
   * @throws what it throws that waiting does not change
   */
  add(bytes: number, write: (age: number) => void): void
  /**
   * Tries what is left.
   * @returns what it failed of, if something is left
   */
  flush(): Error | undefined
}

export interface HeldWritesSetup {
  /** The place's name, for the person. */
  readonly what: string
  /** Milliseconds since some moment. */
  readonly now: () => number
  readonly tell: (news: DiskNews) => void
  /** Bytes that may be held: of more than that the oldest go. */
  readonly bound?: number
}

/** Of a log that is weeks' worth of lines; of pictures some. */
const BOUND = 64 * 2 ** 20

export function heldWrites({ what, now, tell, bound = BOUND }: HeldWritesSetup): HeldWrites {
  const held: { readonly bytes: number; readonly since: number; readonly write: (age: number) => void }[] = []
  const place = outage(what, tell)
  let bytes = 0
  const flush = (): Error | undefined => {
    try {
      for (let next = held[0]; next; next = held[0]) {
        next.write(now() - next.since)
        bytes -= next.bytes
        held.shift()
      }
    } catch (error) {
      return place.failed(error)
    }
    place.worked()
    return undefined
  }
  return {
    add(size, write) {
      held.push({ bytes: size, since: now(), write })
      bytes += size
      flush()
      while (bytes > bound && held.length > 1) {
        bytes -= held.shift()?.bytes ?? 0
        place.lost()
      }
    },
    flush,
  }
}
