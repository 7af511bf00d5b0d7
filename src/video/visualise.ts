import path from 'node:path'
import { writeFileAtomic } from '../files/write-file.js'
import { observedLabel } from '../schemes/observed-frames.js'
import type { SchemeSettings, Stage } from '../schemes/types.js'
import { planPicture } from './plan-picture.js'
import { planSvg } from './plan-svg.js'

/** A plan to be drawn. */
export interface DrawnPlan {
  readonly scheme: string
  readonly settings: SchemeSettings
  /** Of an adaptive scheme those of one video. */
  readonly stages: readonly Stage[]
  /** Kind of optimised schedule, if one is used. */
  readonly optimality?: string
  /** Number of the video, if the plan depends on it. */
  readonly video?: number
}

/** The file of a plan's picture, without its ending: `visualisations/vis_<scheme>_sampling-..`. */
export function visualisationFile({ scheme, settings, optimality, video }: DrawnPlan): string {
  const { videoLength, observed, maxFrames, stepSize } = settings
  const name =
    `vis_${scheme}_sampling-${videoLength}-given-${observedLabel(observed)}_${stepSize}-${maxFrames}-chunks` +
    (optimality === undefined ? '' : `_optimal-${optimality}`) +
    (video === undefined ? '' : `_index-${video}`)
  return path.join('visualisations', name)
}

/**
 * Draws a plan as a PNG, and with labels as an SVG.
 * @returns the files
 * @throws UserError if a file cannot be written.
 */
export function visualise(plan: DrawnPlan): string[] {
  const file = visualisationFile(plan)
  return [`${file}.png`, `${file}.svg`].map((picture) => {
    drawPlan(plan, picture)
    return picture
  })
}

/** Draws a plan into one file: with labels if its name ends in `.svg`, else as a PNG. */
export function drawPlan(plan: DrawnPlan, file: string): void {
  const { stages, settings } = plan
  const isSvg = file.toLowerCase().endsWith('.svg')
  writeFileAtomic(file, isSvg ? planSvg(planTitle(plan), stages, settings) : planPicture(stages, settings))
}

/** What a plan is of, in a line. */
export function planTitle({ scheme, settings, stages, optimality, video }: DrawnPlan): string {
  const { videoLength, observed, maxFrames, stepSize } = settings
  const given = typeof observed === 'number' ? `the first ${observed}` : observedLabel(observed)
  return [
    scheme,
    ...(optimality === undefined ? [] : [`optimised (${optimality})`]),
    ...(video === undefined ? [] : [`video ${video}`]),
    `${videoLength} frames from ${given}`,
    `at most ${maxFrames} at once, ${stepSize} of them new`,
    `${stages.length} stages`,
  ].join(', ')
}
