import type { HostRandom } from '../../random.js'
import { blurFrame } from './blur-frame.js'
import { shiftHue } from './shift-hue.js'

/** Pixels across and down that a blurred pixel is made of. */
const KERNEL = { across: 5, down: 9 } as const
const SIGMA = [0.1, 5] as const
/** Most that brightness changes, as a share, and hue, as a share of the circle. */
const JITTER = 0.1

/**
 * A frame as training sees it: blurred a little or much, brighter or darker, of other hues. What is drawn
 * is what torchvision draws for GaussianBlur((5, 9), (0.1, 5)) and ColorJitter(brightness 0.1, hue 0.1).
 * @param frame (height, width, 3), uint8; left as it is
 */
export function augmentFrame(
  frame: Uint8Array,
  size: { readonly height: number; readonly width: number },
  random: HostRandom,
): Uint8Array {
  const between = (low: number, high: number) => low + (high - low) * random.uniform()
  const values = blurFrame(frame, size, KERNEL, between(...SIGMA))
  const factor = between(1 - JITTER, 1 + JITTER)
  const turn = between(-JITTER, JITTER)
  const brighten = () => {
    for (let i = 0; i < values.length; i++) values[i] = Math.min(255, (values[i] ?? NaN) * factor)
  }
  // Where brightness is cut off at white, the order matters.
  if (random.uniform() < 0.5) {
    brighten()
    shiftHue(values, turn)
  } else {
    shiftHue(values, turn)
    brighten()
  }
  return Uint8Array.from(values, Math.round)
}
