import { JUNCTIONS, type JunctionName } from './streets.js'

export type Light = 'green' | 'yellow' | 'red'

/** Seconds for which one direction of a junction has green, then yellow; the other has red meanwhile. */
const GREEN = 5
const YELLOW = 1
const HALF_CYCLE = GREEN + YELLOW
/** Seconds after which all lights repeat. */
export const SIGNAL_CYCLE = 2 * HALF_CYCLE

/**
 * What a driver approaching a junction sees: traffic along x and along y has green in turn, and no two
 * junctions change at the same time.
 * @param heading the driver's direction in radians
 * @param time seconds on the town's clock
 */
export function lightFor(junction: JunctionName, heading: number, time: number): Light {
  const shift = Object.keys(JUNCTIONS).indexOf(junction) * 2.6
  const alongX = Math.abs(Math.cos(heading)) > Math.SQRT1_2
  const phase = (time + shift + (alongX ? 0 : HALF_CYCLE)) % SIGNAL_CYCLE
  return phase < GREEN ? 'green' : phase < HALF_CYCLE ? 'yellow' : 'red'
}
