import { mix, shade, smoothGrain, type Colour } from './colour.js'
import { SUN } from './shapes.js'

/** What everything far away fades into. */
export const HAZE: Colour = 0xcfdde6

const ZENITH: Colour = 0x3f86d0
const SUN_COLOUR: Colour = 0xfff6d0
const AZIMUTHS = 2048
const SLOPES = 384
/** The steepest view kept; above it the sky is even. */
const MAX_SLOPE = 1.6

/** The panorama around the town, the same from everywhere: by direction and slope. */
export type Sky = (azimuth: number, slope: number) => Colour

/** Paints the panorama once: sky, sun, clouds, and mountains by which one knows where one is heading. */
export function paintSky(): Sky {
  const panorama = new Uint32Array(AZIMUTHS * SLOPES)
  for (let i = 0; i < AZIMUTHS; i++)
    for (let j = 0; j < SLOPES; j++)
      panorama[i * SLOPES + j] = skyColour((i / AZIMUTHS) * 2 * Math.PI, (j / SLOPES) * MAX_SLOPE)
  return (azimuth, slope) => {
    const turns = azimuth / (2 * Math.PI)
    const i = Math.floor((turns - Math.floor(turns)) * AZIMUTHS) % AZIMUTHS
    const j = Math.min(SLOPES - 1, Math.max(0, Math.floor((slope / MAX_SLOPE) * SLOPES)))
    return panorama[i * SLOPES + j] ?? HAZE
  }
}

function skyColour(azimuth: number, slope: number): Colour {
  if (slope < ridge(azimuth, 0.035, 5)) return mix(0x5f8a55, HAZE, 0.25)
  const far = ridge(azimuth, 0.13, 1)
  if (slope < far) {
    const snow = slope > 0.8 * far && far > 0.15
    return mix(snow ? 0xf4f7fa : 0x6d7fa6, HAZE, 0.35 - slope)
  }
  return clouds(azimuth, slope, sun(azimuth, slope, mix(HAZE, ZENITH, Math.min(1, 1.5 * slope))))
}

/** Slope of a skyline: whole waves around the horizon, so that it closes. */
function ridge(azimuth: number, height: number, first: number): number {
  const wave = (count: number, shift: number) => Math.sin(count * azimuth + shift)
  const low = 1 + 0.5 * wave(first, 0.7) + 0.35 * wave(2 * first + 1, 2.1)
  return height * Math.max(0.15, low + 0.2 * wave(5 * first + 2, 0.3) + 0.1 * wave(11 * first + 4, 1.9))
}

function sun(azimuth: number, slope: number, sky: Colour): Colour {
  const elevation = Math.atan(slope)
  const cosine = Math.cos(elevation) * Math.cos(azimuth - Math.atan2(SUN.y, SUN.x)) * Math.cos(0.5)
  const angle = Math.acos(Math.min(1, cosine + Math.sin(elevation) * Math.sin(0.5)))
  if (angle < 0.06) return SUN_COLOUR
  return mix(sky, SUN_COLOUR, 0.7 * Math.exp(-4 * (angle - 0.06)))
}

function clouds(azimuth: number, slope: number, sky: Colour): Colour {
  // On a flat layer above the town: clouds get smaller towards the horizon.
  const away = 1 / (slope + 0.12)
  const [x, y] = [Math.cos(azimuth) * away, Math.sin(azimuth) * away]
  const thickness = 0.6 * smoothGrain(1.1 * x + 40, 1.1 * y) + 0.4 * smoothGrain(3 * x + 90, 3 * y + 70)
  const share = Math.min(1, Math.max(0, (thickness - 0.54) * 5)) * Math.min(1, slope * 5)
  return mix(sky, shade(0xffffff, 0.9 + 0.1 * thickness), 0.85 * share)
}
