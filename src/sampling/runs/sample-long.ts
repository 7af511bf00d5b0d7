import { existsSync } from 'node:fs'
import path from 'node:path'
import { claimsIn, type Claim, type ClaimOptions, type Claims } from '../../claims/claims.js'
import { waitForOthers } from '../../claims/shared-work.js'
import { UserError } from '../../errors.js'
import { hostRandom } from '../../random.js'
import type { Chunk } from '../../schemes/endless.js'
import { range } from '../../schemes/range.js'
import { withAdvice } from '../../with-advice.js'
import type { AdaptiveFeatures } from '../features/adaptive-features.js'
import { chosenFeatures } from '../features/chosen-features.js'
import type { FrameFeatures } from '../features/frame-features.js'
import { firstVideoDigest } from '../results/first-video.js'
import { checkRun, recordRun } from '../results/record-run.js'
import { readSample, writeSample } from '../results/sample-file.js'
import { nextBatch } from '../stages/next-batch.js'
import { sampleStage } from '../stages/sample-stage.js'
import { beginVideo } from '../stages/video-in-progress.js'
import { pictureStatistics, type PictureStatistics } from '../videos/picture-statistics.js'
import { frameOfFilm, type Film } from '../videos/video-batch.js'
import type { LongRun, LongRunInputs } from './plan-long-run.js'
import { decisiveSettings, setUpSampling, type SamplingSetup } from './sampling-setup.js'
import { namesWithStages, savedStages } from './saved-stages.js'

/** A chunk that was sampled now, or found done. */
export interface SampledChunk {
  readonly index: number
  readonly file: string
  readonly isNew: boolean
  /** Position in the whole video of its first new frame, and of the one after its last. */
  readonly frames: readonly [number, number]
  /** Of its new frames; motion from the frame before them on. */
  readonly statistics: PictureStatistics
}

export interface LongProgress {
  readonly chunk: number
  readonly stage: number
  readonly stages: number
  readonly step: number
  readonly steps: number
}

export interface SampleLongCallbacks {
  readonly onProgress?: (progress: LongProgress) => void
  /** Called if another process is at work on the video, which is then waited for. */
  readonly onOther?: () => void
  /**
   * Called when this process has the video to itself, before all else: more than once if others have taken it
   * over meanwhile, as they do from a process that was suspended for long.
   */
  readonly onClaim?: () => void
  /** Called with what the given frames look like, if there are any. */
  readonly onGiven?: (statistics: PictureStatistics) => void
  readonly signal?: AbortSignal
  readonly claims?: ClaimOptions
}

/**
 * Samples an endless video chunk by chunk, as long as the caller asks for more. Each chunk starts from the
 * last frames of the one before as they are in its file, so that the files are all that a run needs to go on:
 * chunks whose file is there are passed over, an unfinished one is gone on with at its last stage. A video that
 * another process has taken over is left to it, and gone on with once it is done.
 * @throws UserError if files cannot be read or written, or do not fit.
 */
export async function* sampleLong(
  run: LongRun,
  inputs: LongRunInputs,
  callbacks: SampleLongCallbacks = {},
): AsyncGenerator<SampledChunk, never, undefined> {
  const { dataset, options } = inputs
  const { onProgress, onGiven, signal } = callbacks
  const firstVideo = await firstVideoDigest(dataset, range(run.numObserved))
  const setup = setUpSampling(inputs)
  const claims = claimsIn(run.chunkFolder, callbacks.claims)
  let claim: Claim | undefined
  let features: AdaptiveFeatures | undefined
  try {
    const origin = { ...inputs, firstVideo, features: run.features }
    checkRun(run.folder, setup.config, origin)
    features = run.features && chosenFeatures(options, dataset.imageSize)
    const record = () => recordRun(run.folder, setup.config, { ...origin, weights: features?.digest })
    record()
    claim = await claimed(claims, callbacks)
    record()
    let untidy = namesWithStages(run.chunkFolder)
    let done: Film | undefined
    if (run.numObserved > 0) {
      const { imageSize: size } = dataset
      const data = await dataset.readFrames(options.start_index, range(run.numObserved))
      done = { shape: [run.numObserved, size, size, 3], data }
      onGiven?.(pictureStatistics(done))
    }
    for (let index = 0; ; index++) {
      const chunk = run.chunk(index)
      const file = chunkFile(run, index)
      let isNew = false
      for (;;) {
        // Also before a chunk that is there: what the caller writes about it would be written twice.
        if (!claim.isHeld()) {
          claim.release()
          claim = await claimed(claims, callbacks)
          record()
          untidy = namesWithStages(run.chunkFolder)
        }
        if (existsSync(file)) {
          // Of a process that was killed once it had written the chunk.
          if (untidy.delete(chunkName(index))) savedChunk(run, inputs, chunk).remove()
          break
        }
        const stages = chunk.stages.length
        const report = (progress: Omit<LongProgress, 'chunk' | 'stages'>) => {
          onProgress?.({ chunk: index, stages, ...progress })
          signal?.throwIfAborted()
        }
        const film = await sampleChunk(chunk, done, { run, inputs, setup, claim, features, report })
        if (!film || !claim.isHeld()) continue
        writeSample(file, film)
        savedChunk(run, inputs, chunk).remove()
        isNew = true
      }
      const before = done && frameOfFilm(done, done.shape[0] - 1)
      done = readChunk(file, chunk)
      const first = chunk.start + chunk.observed
      const statistics = pictureStatistics(done, before)
      yield { index, file, isNew, frames: [first, first + done.shape[0]], statistics }
    }
  } finally {
    setup.denoise.dispose()
    features?.dispose()
    claim?.release()
    await claims.close()
  }
}

/** The file of a chunk's new frames, in the format of samples. */
function chunkFile({ chunkFolder }: Pick<LongRun, 'chunkFolder'>, index: number): string {
  return path.join(chunkFolder, `${chunkName(index)}.npy`)
}

const chunkName = (index: number) => `chunk_${String(index).padStart(6, '0')}`

interface ChunkContext {
  readonly run: LongRun
  readonly inputs: LongRunInputs
  readonly setup: SamplingSetup
  readonly claim: Claim
  readonly features: FrameFeatures | undefined
  readonly report: (progress: Omit<LongProgress, 'chunk' | 'stages'>) => void
}

/**
 * @param before the frames before the new ones, at least as many as the chunk starts from
 * @returns the new frames; undefined if another process has taken the video over meanwhile
 */
async function sampleChunk(
  chunk: Chunk,
  before: Film | undefined,
  { run, inputs, setup, claim, features, report }: ChunkContext,
): Promise<Film | undefined> {
  const { options, dataset } = inputs
  const { imageSize: size } = dataset
  const { videoLength } = chunk.settings
  const frameBytes = size * size * 3
  const data = new Uint8Array(videoLength * frameBytes)
  if (before && chunk.observed > 0) data.set(before.data.subarray(-chunk.observed * frameBytes))
  const video = beginVideo({
    given: { shape: [videoLength, size, size, 3], data },
    scheme: run.scheme,
    settings: chunk.settings,
    key: {
      // Stages are counted from 0 in every chunk: their noise must not be the same.
      seed: hostRandom('chunk', options.seed, chunk.index).integer(0, 2 ** 31),
      video: options.start_index,
      sampleIdx: options.sample_idx,
    },
    features,
  })
  const saved = savedChunk(run, inputs, chunk)
  const { numTimesteps } = setup.diffusion
  try {
    saved.restore(video)
    for (let [batch] = nextBatch([video]); batch; [batch] = nextBatch([video])) {
      const { next } = batch
      const onStep = (step: number, steps: number) => report({ stage: next.index, step, steps })
      onStep(0, numTimesteps)
      await sampleStage([batch], { denoise: setup.denoise, numTimesteps, rows: 1, onStep })
      if (!claim.isHeld()) return undefined
      saved.add(next)
      video.advance()
      saved.save(video)
    }
  } finally {
    video.dispose()
  }
  const film = video.frames.toFilm()
  const shape = [videoLength - chunk.observed, size, size, 3] as const
  return { shape, data: film.data.subarray(chunk.observed * frameBytes) }
}

function savedChunk(run: LongRun, inputs: LongRunInputs, { index, settings }: Chunk) {
  const decisive = {
    ...decisiveSettings(inputs),
    ...settings,
    scheme: run.scheme.name,
    adaptive_features: run.features,
  }
  return savedStages(run.chunkFolder, chunkName(index), decisive)
}

function readChunk(file: string, { settings, observed }: Chunk): Film {
  const film = withAdvice('remove it to sample the chunk anew', () => readSample(file))
  const expected = settings.videoLength - observed
  if (film.shape[0] !== expected)
    throw new UserError(`${file} has ${film.shape[0]} frames; a chunk of this video has ${expected}`)
  return film
}

async function claimed(claims: Claims, { onOther, onClaim, signal }: SampleLongCallbacks): Promise<Claim> {
  let claim = claims.claim('chunks')
  if (!claim) onOther?.()
  while (!claim) {
    await waitForOthers(signal)
    claim = claims.claim('chunks')
  }
  onClaim?.()
  return claim
}
