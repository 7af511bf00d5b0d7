import seedrandom from 'seedrandom'
import { drawsOnHost } from './runtime/host-randomness.js'

/** A seeded source of host randomness. Streams with different labels are independent of each other. */
export interface HostRandom {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Uniform integer in [low, high). */
  integer(low: number, high: number): number
  /** Two fresh 31-bit integers: the seed of a stateless device generator. */
  deviceSeed(): readonly [number, number]
}

/** A stream determined by `labels` alone: the same labels always give the same numbers. */
export function hostRandom(...labels: readonly (string | number)[]): HostRandom {
  const generator = seedrandom.alea(JSON.stringify(labels))
  const uniform = () => {
    drawsOnHost('hostRandom')
    return generator.double()
  }
  const integer = (low: number, high: number) => low + Math.floor(uniform() * (high - low))
  return {
    uniform,
    integer,
    deviceSeed: () => [integer(0, 2 ** 31), integer(0, 2 ** 31)],
  }
}
