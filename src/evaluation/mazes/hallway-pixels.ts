/** The strip of a frame that is looked at: pixel rows, the last one not included. */
const TOP = 14
const BOTTOM = 45
/** Hallways are green: bounds of hue (half degrees), saturation and value. */
const HUES = [50, 70] as const
const LEAST_SATURATION = 25
const LEAST_VALUE = 25

/** Height and width of the frames that the thresholds are made for. */
export const MAZE_FRAME_SIZE = 64

/**
 * How many pixels of a frame of GQN mazes show the walls of a hallway: green ones of a strip in the middle,
 * eroded by a 2x2 square, so that single ones do not count. Exactly what OpenCV's `cvtColor`, `inRange` and
 * `erode` make of it.
 * @param frame (64, 64, 3), uint8
 */
export function hallwayPixels(frame: Uint8Array): number {
  const isGreen = (y: number, x: number) => {
    // Beyond the strip nothing is eroded.
    if (y < TOP || x < 0) return true
    const at = (y * MAZE_FRAME_SIZE + x) * 3
    return isHallwayGreen(frame[at] ?? 0, frame[at + 1] ?? 0, frame[at + 2] ?? 0)
  }
  let count = 0
  for (let y = TOP; y < BOTTOM; y++)
    for (let x = 0; x < MAZE_FRAME_SIZE; x++)
      if (isGreen(y, x) && isGreen(y, x - 1) && isGreen(y - 1, x) && isGreen(y - 1, x - 1)) count++
  return count
}

/** OpenCV computes hue and saturation in whole numbers, with 12 bits after the point. */
const BITS = 12
const HALF = 1 << (BITS - 1)

/** Whether a colour is within the bounds. Of such hues, green is the largest part. */
function isHallwayGreen(red: number, green: number, blue: number): boolean {
  const span = green - Math.min(red, blue)
  if (green < Math.max(red, blue, LEAST_VALUE) || span === 0) return false
  const perHue = Math.round((180 << BITS) / (6 * span))
  const hue = ((blue - red + 2 * span) * perHue + HALF) >> BITS
  const saturation = (span * Math.round((255 << BITS) / green) + HALF) >> BITS
  return hue >= HUES[0] && hue <= HUES[1] && saturation >= LEAST_SATURATION
}
