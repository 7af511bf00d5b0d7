import { atOnce, pauses, type Steps } from '../in-turns.js'
import type { SchemeSettings, Stage } from '../schemes/types.js'
import { frameRoles, ROLE_COLOURS, type FrameRole } from './plan-picture.js'

/** Pixels: a row, the margins that hold the labels, the widest picture of cells before they get narrower. */
const ROW = 14
const LEFT = 64
const TOP = 44
const WIDEST = 1000
/** Width of a character of the title, at most on average. */
const TITLE_ADVANCE = 7

const MEANING: Readonly<Record<FrameRole, string>> = {
  observed: 'conditioned on',
  sampled: 'sampled',
  done: 'done before',
  absent: 'not there yet',
}

/**
 * A plan as an SVG with labels: a row for each stage, numbered from 0, a column for each frame. Pointing at
 * frames says which they are.
 */
export function planSvg(...plan: Parameters<typeof planSvgSteps>): string {
  return atOnce(planSvgSteps(...plan))
}

/** As `planSvg`, with pauses. */
export function* planSvgSteps(
  title: string,
  stages: readonly Stage[],
  settings: Pick<SchemeSettings, 'videoLength' | 'observed'>,
): Steps<string> {
  const T = settings.videoLength
  const column = Math.min(ROW, Math.max(3, Math.floor(WIDEST / T)))
  const [width, height] = [T * column, stages.length * ROW]
  const cells: string[] = []
  const pauseIsDue = pauses()
  let stage = 0
  for (const roles of frameRoles(stages, settings)) {
    for (const { role, first, last } of runs(roles))
      cells.push(
        `<rect x="${first * column}" y="${stage * ROW}" width="${(last - first + 1) * column}" ` +
          `height="${ROW}" class="${role}"><title>stage ${stage}: ${named(first, last)} ${MEANING[role]}</title></rect>`,
      )
    stage++
    if (pauseIsDue(T)) yield
  }
  const stageLabels = stages.map(
    (_, stage) => `<text x="-8" y="${(stage + 0.75) * ROW}" text-anchor="end">stage ${stage}</text>`,
  )
  const every = labelStep(T, column)
  const frameLabels = Array.from({ length: Math.ceil(T / every) }, (_, i) => i * every).map(
    (frame) => `<text x="${(frame + 0.5) * column}" y="-5" text-anchor="middle">${frame}</text>`,
  )
  const legend = Object.entries(MEANING).map(
    ([role, words], i) =>
      `<g transform="translate(${i * 125} 0)"><rect width="10" height="10" class="${role}" stroke="black"/>` +
      `<text x="15" y="9">${words}</text></g>`,
  )
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.max(LEFT + width, 580, LEFT + title.length * TITLE_ADVANCE) + 16}" height="${TOP + height + 40}" ` +
      `font-family="sans-serif" font-size="10">`,
    `<style>${Object.entries(ROLE_COLOURS)
      .map(([role, colour]) => `.${role} { fill: rgb(${colour.join(' ')}) }`)
      .join(' ')}</style>`,
    `<defs><pattern id="grid" width="${column}" height="${ROW}" patternUnits="userSpaceOnUse">`,
    `<path d="M0 0H${column}M0 0V${ROW}" stroke="black" stroke-width="1"/></pattern></defs>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${LEFT}" y="18" font-size="13">${escaped(title)}</text>`,
    `<g transform="translate(${LEFT} ${TOP})">`,
    ...cells,
    `<rect width="${width}" height="${height}" fill="url(#grid)" stroke="black" pointer-events="none"/>`,
    ...stageLabels,
    ...frameLabels,
    `<g transform="translate(0 ${height + 14})">`,
    ...legend,
    '</g></g></svg>',
  ].join('\n')}\n`
}

/** Neighbouring frames that are the same to a stage. */
function runs(roles: readonly FrameRole[]): { role: FrameRole; first: number; last: number }[] {
  const found: { role: FrameRole; first: number; last: number }[] = []
  for (const [frame, role] of roles.entries()) {
    const run = found.at(-1)
    if (run?.role === role) run.last = frame
    else found.push({ role, first: frame, last: frame })
  }
  return found
}

/** The smallest of 1, 2, 5, 10, .. frames that leaves room for a label. */
function labelStep(T: number, column: number): number {
  const room = 8 * String(T).length
  const steps = [1, 10, 100, 1000, 10000].flatMap((power) => [power, 2 * power, 5 * power])
  return steps.find((step) => step * column >= room) ?? T
}

const named = (first: number, last: number) =>
  first === last ? `frame ${first}` : `frames ${first} to ${last}`

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
