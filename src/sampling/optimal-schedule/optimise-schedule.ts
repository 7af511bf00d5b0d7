import path from 'node:path'
import { claimsIn, type Claim } from '../../claims/claims.js'
import { waitForOthers, type SharedWorkCallbacks } from '../../claims/shared-work.js'
import { forcesNearby, spreadsTimes } from '../../config/optimality.js'
import type { VideoDataset } from '../../data/dataset.js'
import { createDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { requireSignal } from '../../diffusion/require-signal.js'
import { UserError } from '../../errors.js'
import { removeIfEmpty } from '../../files/remove-if-empty.js'
import { givenFrames } from '../../schemes/settings.js'
import { computedWith } from '../results/computed-with.js'
import { range } from '../../schemes/range.js'
import { firstVideoDigest } from '../results/first-video.js'
import { FIRST_VIDEO } from '../results/same-settings.js'
import { namesWithFiles } from '../runs/saved-stages.js'
import { boundStep } from '../stages/bound-step.js'
import { frameErrors } from './frame-errors.js'
import { nearbyFrames } from './nearby-frames.js'
import type { ScheduleInputs, SchedulePlan } from './plan-optimal-schedule.js'
import { claimsFolder } from './schedule-folder.js'
import { scheduleStore } from './schedule-store.js'

/** A finished stage of the schedule. */
export interface FinishedStage {
  readonly stage: number
  /** Frames to condition on, ascending. */
  readonly frames: readonly number[]
  /** Whether this process finished it. */
  readonly isNew: boolean
}

/** A frame that was chosen for a stage. */
export interface ChosenFrame {
  readonly stage: number
  readonly frame: number
  /**
   * The mean squared error of predicted noise with it, over the values of the stage's latent frames: the smallest
   * of all candidates.
   */
  readonly error: number
  /** How many frames the stage now conditions on, of how many in the end. */
  readonly chosen: number
  readonly places: number
}

export interface ScheduleProgress {
  readonly stage: number
  /** Frames chosen before, of how many in the end. */
  readonly chosen: number
  readonly places: number
  /** Calls for single videos that are done for this choice, of all. */
  readonly done: number
  readonly total: number
}

export interface ScheduleCallbacks extends SharedWorkCallbacks {
  readonly onProgress?: (progress: ScheduleProgress) => void
  readonly onChoice?: (choice: ChosenFrame) => void
  /** Called where the files of the schedule cannot be changed for long, as another process has them. */
  readonly onHeld?: () => void
}

/**
 * Chooses, stage by stage, which done frames to condition on (Harvey et al. 2022, section 3.3): again and again
 * the one with which the network's error in the stage's latent frames of training videos is smallest. Saves
 * after every choice. Any number of processes can share the work: each stage is claimed by one of them, and
 * taken over, with the choices that it has made, if that one dies. Yields every stage, also those found done.
 * @param dataset training videos, opened with the number of frames of the plan
 * @throws UserError if a video cannot be read or a file not be written, a schedule made otherwise is there, or the
 * model's last diffusion step is pure noise.
 */
export async function* optimiseSchedule(
  plan: SchedulePlan,
  { checkpoint: { path: file, step: trained, digest, model, config }, options }: ScheduleInputs,
  dataset: VideoDataset,
  { onProgress, onChoice, onHeld, onOthers, signal, claims: claimOptions }: ScheduleCallbacks = {},
): AsyncGenerator<FinishedStage, void, undefined> {
  const { optimality, num_videos, num_timesteps, seed, clip_denoised: clipDenoised } = options
  const diffusion = createDiffusion({ ...config, timestep_respacing: '' })
  requireSignal(diffusion, 'train a model with more steps')
  const firstVideo = await firstVideoDigest(dataset, range(plan.settings.videoLength))
  const folder = claimsFolder(plan.folder)
  const claims = claimsIn(folder, claimOptions)
  const record = {
    checkpoint: path.basename(file),
    step: trained,
    parameters: digest,
    ...{ optimality, num_videos, seed, clip_denoised: clipDenoised },
    // Random times are as many as there are videos.
    ...(spreadsTimes(optimality) && { num_timesteps }),
    ...computedWith(),
    [FIRST_VIDEO]: firstVideo,
    // Videos are drawn among so many.
    training_videos: dataset.length,
  }
  const store = scheduleStore(plan.folder, claims, record, { ...(onHeld && { onHeld }), signal })
  const step = boundStep({ model, diffusion, clipDenoised })
  const setup = { step, numTimesteps: diffusion.numTimesteps, dataset, options }
  const left = new Set(plan.order)

  const chooseFrame = async (stage: number, chosen: readonly number[], places: number) => {
    const { latent } = stageAt(plan, stage)
    const candidates = doneBefore(plan, stage).filter((frame) => !chosen.includes(frame))
    const report = (done: number, total: number) => {
      onProgress?.({ stage, chosen: chosen.length, places, done, total })
      signal?.throwIfAborted()
    }
    report(0, candidates.length * num_videos)
    const errors = await frameErrors({ stage, chosen, latent, candidates }, setup, report)
    const error = Math.min(...errors)
    const frame = candidates[errors.indexOf(error)]
    if (frame === undefined)
      throw new UserError(
        'the errors of the network are not numbers: the weights are damaged, or their training diverged',
      )
    onChoice?.({ stage, frame, error, chosen: chosen.length + 1, places })
    return frame
  }

  /** @returns undefined if another process has taken the stage over meanwhile */
  const optimiseStage = async (stage: number, claim: Claim) => {
    const { latent } = stageAt(plan, stage)
    const done = doneBefore(plan, stage)
    const places = Math.min(done.length, plan.settings.maxFrames - latent.length)
    let chosen = store.chosen(stage)
    if (chosen.length === 0 && forcesNearby(optimality)) chosen = nearbyFrames(done, latent, places)
    while (chosen.length < places) {
      chosen = [...chosen, await chooseFrame(stage, chosen, places)]
      if (!claim.isHeld()) return undefined
      await store.keep(stage, chosen)
    }
    await store.finish(stage, chosen)
    return chosen.toSorted((a, b) => a - b)
  }

  try {
    while (left.size > 0) {
      // Each time: until something was chosen, another process may have said otherwise.
      if (!(await store.open(options.wait))) {
        onOthers?.([...left].sort((a, b) => a - b))
        return
      }
      const finished = store.finished()
      const claimed = namesWithFiles(folder)
      for (const stage of [...left]) {
        const frames = finished.get(stage)
        if (!frames || !left.delete(stage)) continue
        // Its claim too goes, of a process that was killed once it had finished the stage; not of one that is alive.
        if (claimed.has(claimName(stage))) claims.claim(claimName(stage))?.release()
        yield { stage, frames, isNew: false }
      }
      const taken = takeOne(left, (stage) => claims.claim(claimName(stage)))
      if (!taken) {
        if (left.size === 0) return
        onOthers?.([...left].sort((a, b) => a - b))
        if (!options.wait) return
        await waitForOthers(signal)
        continue
      }
      const { stage, claim } = taken
      try {
        // Looked at again with the claim in hand: it may have been finished in between.
        if (store.finished().has(stage)) continue
        const frames = await optimiseStage(stage, claim)
        if (frames && left.delete(stage)) yield { stage, frames, isNew: true }
      } finally {
        claim.release()
      }
    }
  } finally {
    step.dispose()
    await claims.close()
    removeIfEmpty(folder)
  }
}

const claimName = (stage: number) => `stage_${stage}`

/** The first stage that nobody else is at work on. */
function takeOne(
  stages: Iterable<number>,
  claimOf: (stage: number) => Claim | undefined,
): { readonly stage: number; readonly claim: Claim } | undefined {
  for (const stage of stages) {
    const claim = claimOf(stage)
    if (claim) return { stage, claim }
  }
  return undefined
}

function stageAt({ stages }: SchedulePlan, index: number) {
  const stage = stages[index]
  if (!stage) throw new RangeError(`there is no stage ${index}: there are ${stages.length}`)
  return stage
}

/** Ascending. */
function doneBefore({ settings, stages }: SchedulePlan, index: number): number[] {
  const sampled = stages.slice(0, index).flatMap(({ latent }) => latent)
  return [...givenFrames(settings), ...sampled].sort((a, b) => a - b)
}
