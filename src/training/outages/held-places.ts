import { heldWrites, type HeldWrites, type HeldWritesSetup } from './held-writes.js'

/** Places that are tried together. */
export interface HeldPlaces {
  /** @param what the place's name, for the person */
  open(what: string): HeldWrites
  /**
   * Tries what is left, at each of them.
   * @returns what the first that fails failed of
   */
  flush(): Error | undefined
}

export function heldPlaces(setup: Omit<HeldWritesSetup, 'what'>): HeldPlaces {
  const places: HeldWrites[] = []
  return {
    open(what) {
      const place = heldWrites({ ...setup, what })
      places.push(place)
      return place
    },
    flush: () => places.map((place) => place.flush()).find((failure) => failure !== undefined),
  }
}
