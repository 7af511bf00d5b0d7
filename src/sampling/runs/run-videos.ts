import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { claimsIn, type Claim, type ClaimOptions } from '../../claims/claims.js'
import type { VideoDataset } from '../../data/dataset.js'
import { namesIn } from '../../files/names-in.js'
import { removeIfEmpty } from '../../files/remove-if-empty.js'
import { givenFrames } from '../../schemes/settings.js'
import type { FrameFeatures } from '../features/frame-features.js'
import { sampleFile, sampleName, samplesFolder, unfinishedFolder } from '../results/results-layout.js'
import { requireSample, writeSample } from '../results/sample-file.js'
import type { UnfinishedVideo } from '../stages/next-batch.js'
import { beginVideo, isDone, type VideoInProgress } from '../stages/video-in-progress.js'
import { frameOfFilm, type Film } from '../videos/video-batch.js'
import { writePlan } from './plan-files.js'
import type { SampleRun, SampleRunInputs } from './plan-sample-run.js'
import { decisiveSettings } from './sampling-setup.js'
import { namesWithFiles, savedStages, type SavedStages } from './saved-stages.js'
import { videoQueue, type ClaimedVideo } from './video-queue.js'

/** The videos of a run as one of its processes sees them. */
export interface RunVideos {
  /** Claimed and begun by this process, not written. One that was saved with its last stage is done from the start. */
  readonly active: readonly VideoInProgress[]
  /** Those that are left for others, or for later. */
  readonly left: readonly number[]
  readonly fileOf: (video: number) => string
  /**
   * Claims and begins videos as long as fewer than `count` are active, where they were saved.
   * @returns videos found done on the way
   */
  fill(count: number): Promise<readonly number[]>
  /**
   * Takes a sampled stage as done: goes on to the next, saves, writes the video if it was the last.
   * @returns whether the video is done and written
   */
  keep(video: UnfinishedVideo): boolean
  /**
   * Writes an active video whose stages are all done.
   * @returns whether it was written: not if another process has taken it over meanwhile
   * @throws UserError if a file cannot be written; the video stays active, so that `close` saves it.
   */
  finish(video: VideoInProgress): boolean
  /**
   * Saves what is not saved, and lets others have what is not done.
   * @throws UserError if a video cannot be saved, the first one of those, once the others are.
   */
  close(): Promise<void>
}

export interface RunVideosOptions {
  /** What an adaptive scheme compares frames by. Default: their pixels. */
  readonly features?: FrameFeatures | undefined
  readonly claims?: ClaimOptions | undefined
}

export function runVideos(
  run: SampleRun,
  inputs: SampleRunInputs,
  { features, claims: claimOptions }: RunVideosOptions = {},
): RunVideos {
  const { dataset } = inputs
  const { sample_idx: sampleIdx, save_stages: saveStages, seed } = inputs.options
  const samples = samplesFolder(run.folder)
  const folder = unfinishedFolder(run.folder)
  const claims = claimsIn(folder, claimOptions)
  const settings = {
    ...decisiveSettings(inputs),
    ...run.settings,
    scheme: run.scheme.name,
    adaptive_features: run.features,
    optimal_schedule: run.optimised?.digest,
  }
  const nameOf = (video: number) => sampleName(video, sampleIdx)
  const fileOf = (video: number) => sampleFile(run.folder, video, sampleIdx)
  const savedOf = (video: number) => savedStages(folder, nameOf(video), settings)
  /** What other processes were killed at while they wrote the video. */
  const halfWritten = (video: number) => namesIn(samples, `.${path.basename(fileOf(video))}.`)
  const tidy = (video: number) => {
    for (const name of halfWritten(video)) rmSync(path.join(samples, name), { force: true })
    savedOf(video).remove()
  }
  const queue = videoQueue(run.videos, {
    claims,
    nameOf,
    isDone: (video) => existsSync(fileOf(video)),
    tidy,
    lookForUntidy() {
      // Once for all: for each video anew it would take a minute where there are 10 000.
      const names = [namesWithFiles(folder), namesWithFiles(samples, '.')]
      return (video) => names.some((some) => some.has(nameOf(video)))
    },
  })
  const active = new Map<VideoInProgress, { readonly claim: Claim; readonly saved: SavedStages }>()

  const begin = async ({ video, claim }: ClaimedVideo) => {
    const key = { seed, video, sampleIdx }
    const given = await givenVideo(dataset, video, givenFrames(run.settings))
    const begun = beginVideo({ given, scheme: run.scheme, settings: run.settings, key, features })
    const saved = savedOf(video)
    try {
      saved.restore(begun)
    } catch (error) {
      begun.dispose()
      throw error
    }
    active.set(begun, { claim, saved })
  }

  const stateOf = (video: VideoInProgress) => {
    const state = active.get(video)
    if (!state) throw new Error('the video is not one of those that are at work')
    return state
  }

  const end = (video: VideoInProgress) => {
    stateOf(video).claim.release()
    active.delete(video)
    video.dispose()
  }

  /** Leaves a video to the process that has taken it over. */
  const drop = (video: VideoInProgress) => {
    end(video)
    queue.putBack(video.key.video)
  }

  const finish = (video: VideoInProgress): boolean => {
    const { video: number } = video.key
    const { claim } = stateOf(video)
    if (!claim.isHeld()) {
      drop(video)
      return false
    }
    // Before the video, which is what counts as done.
    writePlan(run, nameOf(number), video.stages)
    writeSample(fileOf(number), video.frames.toFilm())
    tidy(number)
    end(video)
    return true
  }

  return {
    fileOf,
    get active() {
      return [...active.keys()]
    },
    get left() {
      return queue.left
    },
    async fill(count) {
      const { taken, found } = queue.take(count - active.size)
      const waiting = [...taken]
      try {
        for (const video of found) requireSample(fileOf(video), run.settings.videoLength, dataset.imageSize)
        for (let next = waiting[0]; next; next = waiting[0]) {
          await begin(next)
          waiting.shift()
        }
      } finally {
        // Those that an error kept from being begun.
        for (const { claim } of waiting) claim.release()
      }
      return found
    },
    keep(video) {
      const { claim, saved } = stateOf(video)
      const { index } = video.next
      saved.add(video.next)
      video.advance()
      if (isDone(video)) return finish(video)
      if (!claim.isHeld()) drop(video)
      else if (saveStages > 0 && (index + 1) % saveStages === 0) saved.save(video)
      return false
    },
    finish,
    async close() {
      const failures: unknown[] = []
      for (const [video, { claim, saved }] of active) {
        try {
          if (saveStages > 0 && claim.isHeld()) saved.save(video)
        } catch (error) {
          failures.push(error)
        }
        claim.release()
        video.dispose()
      }
      await claims.close()
      removeIfEmpty(folder)
      if (failures.length > 0) throw failures[0]
    },
  }
}

/** A video of the data set's length, with only the given frames read; the others are black. */
async function givenVideo(dataset: VideoDataset, video: number, given: readonly number[]): Promise<Film> {
  const { T, imageSize: size } = dataset
  const film: Film = { shape: [T, size, size, 3], data: new Uint8Array(T * size * size * 3) }
  if (given.length === 0) return film
  const frames = await dataset.readFrames(video, given)
  const bytes = size * size * 3
  given.forEach((t, i) => frameOfFilm(film, t).set(frames.subarray(i * bytes, (i + 1) * bytes)))
  return film
}
