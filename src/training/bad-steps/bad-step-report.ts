import type { ItemSource } from '../batches/item.js'
import type { StepReport } from '../step/trainer.js'

/** A step that was skipped, and the batch that made it bad. */
export interface BadStep {
  /** Counting from 1, as lines of the log do. */
  readonly step: number
  /** What was wrong, in words. */
  readonly fault: string
  readonly gradNorm: number
  readonly videos: readonly BadStepVideo[]
}

/** One video of such a batch. */
export interface BadStepVideo extends Partial<ItemSource> {
  /** The diffusion step it was trained at. */
  readonly timestep: number
  /** Its own losses by kind. */
  readonly losses: Readonly<Record<string, number>>
}

/**
 * Puts together what is known of a bad step.
 * @param sources of all videos of the batch
 */
export function badStepOf(step: number, report: StepReport, sources: readonly ItemSource[]): BadStep {
  const videos = report.draw.timesteps.map((timestep, b) => ({
    ...sources[b],
    timestep,
    losses: Object.fromEntries(
      Object.entries(report.losses).map(([kind, values]) => [kind, values[b] ?? NaN]),
    ),
  }))
  return { step, fault: report.fault ?? '', gradNorm: report.gradNorm, videos }
}

/** A bad step in one line, for people. */
export function badStepLine({ step, fault, videos }: BadStep): string {
  const described = videos.map(({ name, video, start, timestep, losses }) => {
    const what = name ?? (video === undefined ? 'a video' : `video ${video}`)
    const where = start === undefined ? '' : ` from frame ${start} on`
    return `${what}${where} at timestep ${timestep} with loss ${losses.loss ?? NaN}`
  })
  return `step ${step} skipped: ${fault}; its batch was ${described.join(', ')}`
}
