import { counted } from '../counted.js'
import { UserError } from '../errors.js'

/**
 * Which of the original steps are kept, ascending.
 * @param steps how many there are
 * @param respacing `""` for all, `ddimN` for the integer stride that keeps exactly N, or comma-separated
 *   counts for as many equal sections; a section of which none is kept has 0
 * @throws UserError if that cannot be had from so many steps.
 */
export function respacedTimesteps(steps: number, respacing: string): readonly number[] {
  if (respacing === '') return Array.from({ length: steps }, (_, i) => i)
  const ddim = /^ddim(\d+)$/.exec(respacing)
  return ddim ? stridedTimesteps(steps, Number(ddim[1])) : sectionedTimesteps(steps, respacing)
}

function stridedTimesteps(steps: number, wanted: number): readonly number[] {
  for (let stride = 1; stride < steps; stride++) {
    if (Math.ceil(steps / stride) === wanted) {
      return Array.from({ length: wanted }, (_, i) => i * stride)
    }
  }
  throw new UserError(
    `--timestep_respacing ddim${wanted}: no integer stride keeps exactly ${wanted} of ${steps} steps`,
  )
}

function sectionedTimesteps(steps: number, respacing: string): readonly number[] {
  const counts = respacing.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : NaN))
  if (!counts.every((count) => count >= 0) || !counts.some((count) => count > 0))
    throw new UserError(
      `--timestep_respacing takes "250", "ddim50" or counts such as "10,20,30", not "${respacing}"`,
    )
  const kept: number[] = []
  let start = 0
  for (const [section, count] of counts.entries()) {
    const size = Math.floor(steps / counts.length) + (section < steps % counts.length ? 1 : 0)
    if (size < count)
      throw new UserError(
        `--timestep_respacing ${respacing}: section ${section + 1} has ${counted(size, 'step')}, fewer than ${count}`,
      )
    const stride = count > 1 ? (size - 1) / (count - 1) : 1
    // The position is accumulated, not multiplied, because halves must round as the original's do.
    let position = 0
    for (let i = 0; i < count; i++) {
      kept.push(start + roundHalfToEven(position))
      position += stride
    }
    start += size
  }
  return kept
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
