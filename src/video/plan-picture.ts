import { UserError } from '../errors.js'
import type { Film } from '../sampling/video-batch.js'
import { givenFrames } from '../schemes/settings.js'
import type { SchemeSettings, Stage } from '../schemes/types.js'
import { encodePng } from './png.js'

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

/** Pixels of a picture: 2 GB as they are encoded. */
const MOST_PIXELS = 2 ** 29

/** What each frame of the video is to each stage: stages x T. */
export function frameRoles(
  stages: readonly Stage[],
  settings: Pick<SchemeSettings, 'videoLength' | 'observed'>,
): FrameRole[][] {
  const state = new Array<FrameRole>(settings.videoLength).fill('absent')
  for (const frame of givenFrames(settings)) state[frame] = 'done'
  return stages.map(({ observed, latent }) => {
    const row = [...state]
    for (const frame of observed) row[frame] = 'observed'
    for (const frame of latent) {
      row[frame] = 'sampled'
      state[frame] = 'done'
    }
    return row
  })
}

/**
 * A plan as a PNG: a row of cells for each stage, a column for each frame, black lines around all cells.
 * @throws UserError if there are too many of both.
 */
export function planPicture(
  stages: readonly Stage[],
  settings: Pick<SchemeSettings, 'videoLength' | 'observed'>,
): Uint8Array {
  const pitch = CELL + LINE
  const [H, W] = [stages.length * pitch + LINE, settings.videoLength * pitch + LINE]
  if (H * W > MOST_PIXELS)
    throw new UserError(
      `${stages.length} stages of ${settings.videoLength} frames make a PNG of ${W}x${H} pixels, which is too large: ` +
        'draw an SVG with npx fdm plan --picture <file>.svg',
    )
  const rows = frameRoles(stages, settings)
  const picture: Film = { shape: [1, H, W, 3], data: new Uint8Array(H * W * 3) }
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++) {
      const role = rows[Math.floor(y / pitch)]?.[Math.floor(x / pitch)]
      const onLine = y % pitch < LINE || x % pitch < LINE
      if (role && !onLine) picture.data.set(ROLE_COLOURS[role], (y * W + x) * 3)
    }
  return encodePng(picture)
}
