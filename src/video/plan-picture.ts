import { UserError } from '../errors.js'
import { givenFrames } from '../schemes/settings.js'
import type { SchemeSettings, Stage } from '../schemes/types.js'
import { encodePngRows } from './png-rows.js'

/** What a frame is to a stage. */
export type FrameRole = 'absent' | 'done' | 'observed' | 'sampled'

/** Colours of the original's pictures, RGB. */
export const ROLE_COLOURS: Readonly<Record<FrameRole, readonly [number, number, number]>> = {
  absent: [255, 255, 255],
  done: [50, 50, 50],
  observed: [50, 50, 255],
  sampled: [255, 69, 0],
}

/** Side of a cell and width of the lines around it, in pixels. */
const CELL = 4
const LINE = 1
const PITCH = CELL + LINE

const ROLES = Object.keys(ROLE_COLOURS) as FrameRole[]
const BLACK = [0, 0, 0] as const

/** Pixels of a picture: programs that show one take 2 GB for them. */
const MOST_PIXELS = 2 ** 29

/** What each frame of the video is to each stage: T of them, stage by stage. */
export function* frameRoles(
  stages: readonly Stage[],
  settings: Pick<SchemeSettings, 'videoLength' | 'observed'>,
): Generator<FrameRole[], void, undefined> {
  const state = new Array<FrameRole>(settings.videoLength).fill('absent')
  for (const frame of givenFrames(settings)) state[frame] = 'done'
  for (const { observed, latent } of stages) {
    const row = [...state]
    for (const frame of observed) row[frame] = 'observed'
    for (const frame of latent) {
      row[frame] = 'sampled'
      state[frame] = 'done'
    }
    yield row
  }
}

/**
 * A plan as a PNG: a row of cells for each stage, a column for each frame, black lines around all cells.
 * @throws UserError if there are too many of both; the signal's reason, if the person wants to stop.
 */
export async function planPicture(
  stages: readonly Stage[],
  settings: Pick<SchemeSettings, 'videoLength' | 'observed'>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const [height, width] = [stages.length * PITCH + LINE, settings.videoLength * PITCH + LINE]
  if (height * width > MOST_PIXELS)
    throw new UserError(
      `${stages.length} stages of ${settings.videoLength} frames make a PNG of ${width}x${height} pixels, which is too large: ` +
        'draw an SVG with npx fdm plan --picture <file>.svg',
    )
  const palette = [BLACK, ...ROLES.map((role) => ROLE_COLOURS[role])]
  return encodePngRows({ width, height, palette, rows: pixelRows(stages, settings, width) }, signal)
}

/** Pixels as numbers of colours: 0 for the lines, then those of the roles. */
function* pixelRows(
  stages: readonly Stage[],
  settings: Pick<SchemeSettings, 'videoLength' | 'observed'>,
  width: number,
): Generator<Uint8Array, void, undefined> {
  const line = new Uint8Array(width)
  for (const roles of frameRoles(stages, settings)) {
    yield* repeated(line, LINE)
    const cells = line.slice()
    roles.forEach((role, frame) => {
      const left = frame * PITCH + LINE
      cells.fill(1 + ROLES.indexOf(role), left, left + CELL)
    })
    yield* repeated(cells, CELL)
  }
  yield* repeated(line, LINE)
}

const repeated = (row: Uint8Array, times: number) => Array.from({ length: times }, () => row)
