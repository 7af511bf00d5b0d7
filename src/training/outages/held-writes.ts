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
  /** As `add` and `flush`, for a place whose writes take their time. */
  addAwaited(bytes: number, write: (age: number) => void | Promise<void>): Promise<void>
  flushAwaited(): Promise<Error | undefined>
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

interface Held {
  readonly bytes: number
  readonly since: number
  readonly write: (age: number) => unknown
}

/** Of a log that is weeks' worth of lines; of pictures some. */
const BOUND = 64 * 2 ** 20

export function heldWrites({ what, now, tell, bound = BOUND }: HeldWritesSetup): HeldWrites {
  const held: Held[] = []
  const place = outage(what, tell)
  let bytes = 0
  const push = (size: number, write: Held['write']) => {
    held.push({ bytes: size, since: now(), write })
    bytes += size
  }
  const drop = () => {
    bytes -= held.shift()?.bytes ?? 0
  }
  /** All in their order: each is dropped when the next is asked for, and none where that does not come. */
  function* left() {
    for (let next = held[0]; next; next = held[0]) {
      yield next
      drop()
    }
    place.worked()
  }
  const failed = (error: unknown): Error => {
    const failure = place.failed(error)
    while (bytes > bound && held.length > 1) {
      drop()
      place.lost()
    }
    return failure
  }
  const flush = () => {
    try {
      for (const { write, since } of left()) write(now() - since)
    } catch (error) {
      return failed(error)
    }
    return undefined
  }
  const flushAwaited = async () => {
    try {
      for (const { write, since } of left()) await write(now() - since)
    } catch (error) {
      return failed(error)
    }
    return undefined
  }
  return {
    add(size, write) {
      push(size, write)
      flush()
    },
    flush,
    async addAwaited(size, write) {
      push(size, write)
      await flushAwaited()
    },
    flushAwaited,
  }
}
