import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { claimsIn, type Claim } from '../../claims/claims.js'
import { waitForOthers, type SharedWorkCallbacks } from '../../claims/shared-work.js'
import { createDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { LEAVE_LAST_STEP_OUT, requireSignal } from '../../diffusion/require-signal.js'
import { namesIn } from '../../files/names-in.js'
import { removeIfEmpty } from '../../files/remove-if-empty.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { chosenFeatures } from '../../sampling/features/chosen-features.js'
import { pixelFeatures } from '../../sampling/features/pixel-features.js'
import { trueStages } from '../../sampling/features/true-stages.js'
import { computedWith } from '../../sampling/results/computed-with.js'
import { firstVideoDigest } from '../../sampling/results/first-video.js'
import { readJsonRecord } from '../../sampling/results/json-record.js'
import { FIRST_VIDEO, isNews, requireSameSettings } from '../../sampling/results/same-settings.js'
import { namesWithFiles } from '../../sampling/runs/saved-stages.js'
import { videoQueue } from '../../sampling/runs/video-queue.js'
import { boundStep } from '../../sampling/stages/bound-step.js'
import type { Film } from '../../sampling/videos/video-batch.js'
import { range } from '../../schemes/range.js'
import { withAdvice } from '../../with-advice.js'
import {
  elboName,
  elbosFolder,
  readBound,
  readTerms,
  requireTerms,
  writeBound,
  writeTerms,
} from './elbo-files.js'
import type { NllInputs, NllRun } from './plan-nll.js'
import { stageTerms, type TermRow } from './stage-terms.js'
import { videoBound, type VideoBound } from './video-bound.js'

export interface MeasuredVideo {
  readonly bound: VideoBound
  readonly file: string
  readonly isNew: boolean
}

export interface NllProgress {
  readonly video: number
  /** Counted from 0. */
  readonly stage: number
  readonly stages: number
  /** Diffusion steps of the video that are done, of all its stages. */
  readonly done: number
  readonly total: number
}

export interface NllCallbacks extends SharedWorkCallbacks {
  readonly onProgress?: (progress: NllProgress) => void
}

/**
 * Measures the variational bound on the likelihood of videos along a scheme, given the frames that are given.
 * Writes each video's terms to `elbo_<video>.npy` and what they add up to to `.json`; saves after every stage.
 * Any number of processes can share the videos, as in sampling. Yields every video, also those found done.
 * @throws UserError if a video cannot be read or a file not be written, or bounds measured otherwise are there.
 */
export async function* measureNll(
  run: NllRun,
  inputs: NllInputs,
  { onProgress, onOthers, signal, claims: claimOptions }: NllCallbacks = {},
): AsyncGenerator<MeasuredVideo, void, undefined> {
  const { checkpoint, dataset, options } = inputs
  const { timestep_respacing, clip_denoised: clipDenoised, batch_size: batchSize, seed } = options
  const folder = elbosFolder(run.folder)
  const unfinished = path.join(folder, '.unfinished')
  const partialFile = (video: number) => path.join(unfinished, `${elboName(video)}.npy`)
  const fileOf = (video: number) => path.join(folder, `${elboName(video)}.json`)
  const termsFile = (video: number) => path.join(folder, `${elboName(video)}.npy`)
  const diffusion = createDiffusion({ ...checkpoint.config, timestep_respacing })
  requireSignal(diffusion, LEAVE_LAST_STEP_OUT)
  const firstVideo = await firstVideoDigest(dataset, range(run.settings.videoLength))
  const step = boundStep({ model: checkpoint.model, diffusion, clipDenoised })
  const features = run.features && chosenFeatures(options, dataset.imageSize)
  const known = { firstVideo, weights: features?.digest }
  const record = () => recordBounds(run, inputs, known, folder, unfinished)
  const claims = claimsIn(unfinished, claimOptions)
  const tidy = (video: number) => {
    rmSync(partialFile(video), { force: true })
    // What was being written when the process was killed.
    for (const place of [folder, unfinished])
      for (const name of namesIn(place, `.${elboName(video)}.`))
        rmSync(path.join(place, name), { force: true })
  }
  const queue = videoQueue(run.videos, {
    claims,
    nameOf: elboName,
    isDone: (video) => existsSync(fileOf(video)) && existsSync(termsFile(video)),
    tidy,
    lookForUntidy() {
      // Claims that were not released are among the names.
      const names = [namesWithFiles(unfinished), namesWithFiles(folder, '.')]
      return (video) => names.some((some) => some.has(elboName(video)))
    },
  })

  /** @returns undefined if another process has taken the video over meanwhile */
  const measureVideo = async (video: number, claim: Claim): Promise<VideoBound | undefined> => {
    const { T, imageSize: size } = dataset
    const film: Film = { shape: [T, size, size, 3], data: await dataset.readFrames(video, range(T)) }
    const stages = trueStages(run.scheme, run.settings, film, features ?? pixelFeatures)
    const terms: TermRow[][] = existsSync(partialFile(video)) ? readTerms(partialFile(video), run.count) : []
    const total = stages.length * run.count
    for (const [index, stage] of [...stages.entries()].slice(terms.length)) {
      const onStep = (done: number) => {
        const before = index * run.count
        onProgress?.({ video, stage: index, stages: stages.length, done: before + done, total })
        signal?.throwIfAborted()
      }
      onStep(0)
      const { numTimesteps, count } = run
      const all = { step, numTimesteps, count, batchSize, seed, onStep }
      terms.push(await stageTerms({ film, video, stage: { ...stage, index } }, all))
      if (!claim.isHeld()) return undefined
      writeTerms(partialFile(video), terms)
    }
    const bound = videoBound({ film, video, stages }, terms, diffusion)
    writeTerms(termsFile(video), terms)
    writeBound(fileOf(video), bound)
    tidy(video)
    return bound
  }

  try {
    record()
    for (;;) {
      const { taken, found } = queue.take(1)
      // Once more: what another process has finished meanwhile it may have measured otherwise.
      if (found.length > 0) record()
      for (const video of found) {
        const file = fileOf(video)
        const bound = readBound(file)
        requireTerms(termsFile(video), bound.stages.length, run.count)
        yield { bound, file, isNew: false }
      }
      const [next] = taken
      if (!next) {
        if (queue.left.length === 0) return
        onOthers?.(queue.left)
        if (!options.wait) return
        await waitForOthers(signal)
        continue
      }
      const { video, claim } = next
      try {
        // Once more, with the claim in hand: until then another process may have said something else.
        record()
        const bound = await measureVideo(video, claim)
        if (bound) yield { bound, file: fileOf(video), isNew: true }
        else queue.putBack(video)
      } finally {
        claim.release()
      }
    }
  } finally {
    step.dispose()
    features?.dispose()
    await claims.close()
    removeIfEmpty(unfinished)
  }
}

const GO_ON =
  'remove it if the bounds there were measured as these would be, or give another folder with --eval_dir'

/** Writes how bounds are measured, or makes sure that those that are there were measured the same. */
function recordBounds(
  run: NllRun,
  { checkpoint, options }: NllInputs,
  { firstVideo, weights }: { readonly firstVideo: string | undefined; readonly weights: string | undefined },
  folder: string,
  unfinished: string,
): void {
  const settings = {
    checkpoint: path.basename(checkpoint.path),
    step: checkpoint.step,
    parameters: checkpoint.digest,
    num_timesteps: run.count,
    timestep_respacing: options.timestep_respacing,
    seed: options.seed,
    clip_denoised: options.clip_denoised,
    ...computedWith(),
    [FIRST_VIDEO]: firstVideo,
    adaptive_features: run.features,
    lpips_weights: weights,
    optimal_schedule: run.optimised?.digest,
  }
  const file = path.join(folder, 'settings.json')
  const isBegun = [folder, unfinished].some((place) => namesIn(place, 'elbo_').length > 0)
  const before = isBegun ? withAdvice(GO_ON, () => readJsonRecord(file)) : undefined
  if (before) requireSameSettings(`the bounds in ${folder}`, before, settings)
  // What a folder of an earlier version does not say holds from now on.
  if (!before || isNews(before, settings))
    writeFileAtomic(file, JSON.stringify({ ...settings, ...before }, null, 4))
}
