import { UserError } from '../errors.js'

/** CARLA's Town01 in metres, along either axis. */
const LOWEST = -10
const HIGHEST = 400
const CELLS_PER_SIDE = 10
const CELL_SIZE = (HIGHEST - LOWEST) / CELLS_PER_SIDE

/** How many cells the town is cut into. */
export const CELLS = CELLS_PER_SIDE ** 2

/**
 * The cell of the town that a position lies in: `10 floor((x + 10) / 41) + floor((y + 10) / 41)`. The far
 * edges belong to the last cells.
 * @param x, y metres
 * @throws UserError if the position is outside of the town.
 */
export function cellOf(x: number, y: number): number {
  const [column, row] = [x, y].map((value) => {
    if (!(value >= LOWEST && value <= HIGHEST))
      throw new UserError(
        `the position (${x}, ${y}) is outside of the town, which reaches from ${LOWEST} to ${HIGHEST} metres along x and y`,
      )
    return Math.min(CELLS_PER_SIDE - 1, Math.floor((value - LOWEST) / CELL_SIZE))
  })
  return CELLS_PER_SIDE * (column ?? NaN) + (row ?? NaN)
}

/** The middle of a cell: [x, y] in metres. */
export function cellCentre(cell: number): [number, number] {
  const middle = (index: number) => LOWEST + (index + 0.5) * CELL_SIZE
  return [middle(Math.floor(cell / CELLS_PER_SIDE)), middle(cell % CELLS_PER_SIDE)]
}
