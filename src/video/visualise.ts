import path from 'node:path'
import { counted } from '../counted.js'
import { writeFileAtomic } from '../files/write-file.js'
import { inTurns } from '../in-turns.js'
import { observedLabel } from '../schemes/observed-frames.js'
import type { SchemeSettings, Stage } from '../schemes/types.js'
import { planPicture } from './plan-picture.js'
import { planSvgSteps } from './plan-svg.js'

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
 * @throws UserError if a file cannot be written; the signal's reason, if the person wants to stop.
 */
export async function visualise(plan: DrawnPlan, signal?: AbortSignal): Promise<string[]> {
  const file = visualisationFile(plan)
  const pictures = [`${file}.png`, `${file}.svg`]
  for (const picture of pictures) await drawPlan(plan, picture, signal)
  return pictures
}

/**
 * Draws a plan into one file: with labels if its name ends in `.svg`, else as a PNG.
 * @throws as `visualise`
 */
export async function drawPlan(plan: DrawnPlan, file: string, signal?: AbortSignal): Promise<void> {
  const { stages, settings } = plan
  const isSvg = file.toLowerCase().endsWith('.svg')
  const picture = isSvg
    ? await inTurns(planSvgSteps(planTitle(plan), stages, settings), signal)
    : await planPicture(stages, settings, signal)
  writeFileAtomic(file, picture)
}

/** What a plan is of, in a line. */
export function planTitle({ scheme, settings, stages, optimality, video }: DrawnPlan): string {
  const { videoLength, observed, maxFrames, stepSize } = settings
  const given = typeof observed === 'number' ? firstFrames(observed) : observedLabel(observed)
  return [
    scheme,
    ...(optimality === undefined ? [] : [`optimised (${optimality})`]),
    ...(video === undefined ? [] : [`video ${video}`]),
    `${counted(videoLength, 'frame')} from ${given}`,
    `at most ${maxFrames} at once, ${Math.min(stepSize, maxFrames)} of them new`,
    counted(stages.length, 'stage'),
  ].join(', ')
}

const firstFrames = (count: number) => (count === 0 ? 'nothing' : `the first ${count}`)
