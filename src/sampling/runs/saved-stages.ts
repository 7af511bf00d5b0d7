import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readNpy, writeNpy } from '../../data/npy.js'
import { UserError } from '../../errors.js'
import { fileFailure } from '../../files/file-failure.js'
import { namesIn } from '../../files/names-in.js'
import { writeFileAtomic } from '../../files/write-file.js'
import type { Stage } from '../../schemes/types.js'
import { withAdvice } from '../../with-advice.js'
import { framesDigest } from '../results/frames-digest.js'
import type { VideoInProgress } from '../stages/video-in-progress.js'

/** What the frames of a video depend on: to be the same when it is gone on with. */
export type SavedSettings = Readonly<Record<string, unknown>>

/** The stages of an unfinished video on disk. */
export interface SavedStages {
  /**
   * Goes on where the video was saved, if it was.
   * @param video before its first stage
   * @throws UserError naming the file if it is damaged, or was made with other settings or given frames.
   */
  restore(video: VideoInProgress): void
  /** Keeps the frames of a stage, until `save`. */
  add(stage: Stage): void
  /** Writes the stages added since it was last called; those before are not written again. */
  save(video: VideoInProgress): void
  /** Removes all there is of the video, also what killed processes left. */
  remove(): void
}

interface Journal {
  readonly settings: SavedSettings
  /** Tells the given frames from others, if there are any; earlier versions did not say it. */
  readonly given?: string | undefined
  /** For each file `<name>.<number>.npy`: the stages in it, each a list of frames. */
  readonly parts: readonly (readonly (readonly number[])[])[]
}

/**
 * Saved stages are files beside each other: `<name>.<n>.npy` with the sampled frames as the network gave
 * them (float32, (frames, H, W, C)), and `<name>.json`, which says what is in them and counts: a part that
 * it does not name is not there.
 */
export function savedStages(folder: string, name: string, settings: SavedSettings): SavedStages {
  const journalFile = path.join(folder, `${name}.json`)
  const partFile = (part: number) => path.join(folder, `${name}.${part}.npy`)
  let parts: Journal['parts'] = []
  let added: Stage[] = []
  let given: string | undefined
  const givenOf = ({ frames }: VideoInProgress) => (given ??= framesDigest(frames.given()))
  return {
    restore(video) {
      const journal = readJournal(journalFile)
      if (!journal) return
      checkSettings(journalFile, journal.settings, settings)
      checkGiven(journalFile, journal.given, givenOf(video))
      journal.parts.forEach((stages, part) => restorePart(video, stages, partFile(part)))
      parts = journal.parts
    },
    add: (stage) => void added.push(stage),
    save(video) {
      if (added.length === 0) return
      const { frames } = video
      const stages = added.map(({ latent }) => [...latent])
      const values = stages.flat().map((t) => frames.get(t))
      const shape = [values.length, ...frames.frameShape]
      writeNpy(partFile(parts.length), { dtype: 'float32', shape, data: concat(values) })
      parts = [...parts, stages]
      added = []
      writeFileAtomic(
        journalFile,
        JSON.stringify({ settings, given: givenOf(video), parts } satisfies Journal),
      )
    },
    remove() {
      rmSync(journalFile, { force: true })
      const others = namesIn(folder, `${name}.`).filter((file) => /\.\d+\.npy$/.test(file))
      // The second: those that a killed process had not finished writing.
      for (const file of [...others, ...namesIn(folder, `.${name}.`)])
        rmSync(path.join(folder, file), { force: true })
    },
  }
}

/** What the files in a folder are named after, claims and what is half written among them. */
export function namesWithFiles(folder: string, start = ''): Set<string> {
  return new Set(namesIn(folder, start).flatMap((file) => /^\.?([^.]+)\./.exec(file)?.slice(1) ?? []))
}

/**
 * What there are saved stages of in a folder, or anything that is half written: not what there is nothing of but
 * its `<name>.npy`.
 */
export function namesWithStages(folder: string): Set<string> {
  return new Set(namesIn(folder).flatMap((file) => /^\.?([^.]+)\.(?!npy$)/.exec(file)?.slice(1) ?? []))
}

function restorePart(video: VideoInProgress, stages: readonly (readonly number[])[], file: string): void {
  const frames = stages.flat()
  const { dtype, shape, data } = withAdvice(START_ANEW, () => readNpy(file, { isAll: true }))
  const expected = [frames.length, ...video.frames.frameShape]
  if (dtype !== 'float32' || !isDeepStrictEqual(shape, expected))
    throw new UserError(
      `${file} does not hold the frames of an unfinished video: expected float32 (${expected.join(', ')}), ` +
        `got ${dtype} (${shape.join(', ')}): ${START_ANEW}`,
    )
  if (!(data as Float32Array).every(Number.isFinite))
    throw new UserError(`${file} is damaged: it holds values that are no numbers; ${START_ANEW}`)
  const size = data.length / Math.max(1, frames.length)
  let at = 0
  for (const latent of stages) {
    if (!isDeepStrictEqual(video.next?.latent, latent))
      throw new UserError(`${file} holds frames that this scheme samples in another order: ${START_ANEW}`)
    for (const t of latent) video.frames.put(t, (data as Float32Array).slice(at, (at += size)))
    video.advance()
  }
}

const START_ANEW = 'remove it and the files beside it to begin the video anew'

function checkSettings(file: string, saved: SavedSettings, settings: SavedSettings): void {
  // As JSON knows them: what is undefined is not there.
  const asked = JSON.parse(JSON.stringify(settings)) as SavedSettings
  const names = new Set([...Object.keys(asked), ...Object.keys(saved)])
  const other = [...names].find((name) => !isDeepStrictEqual(saved[name], asked[name]))
  if (other === undefined) return
  const [before, now] = [saved[other], asked[other]].map((value) =>
    value === undefined ? 'nothing' : JSON.stringify(value),
  )
  throw new UserError(
    `${file} is of a video begun with ${other} ${before}, not ${now}: sample with that, or ${START_ANEW}`,
  )
}

function checkGiven(file: string, saved: string | undefined, present: string | undefined): void {
  if (saved === undefined || present === undefined || saved === present) return
  throw new UserError(
    `${file} is of a video begun with other given frames: sample with the data set that it was begun with ` +
      `(--data_dir), give another folder with --eval_dir, or ${START_ANEW}`,
  )
}

function readJournal(file: string): Journal | undefined {
  if (!existsSync(file)) return undefined
  try {
    const journal = JSON.parse(readFileSync(file, 'utf8')) as Partial<Journal> | null
    const isGiven = ['string', 'undefined'].includes(typeof journal?.given)
    if (isGiven && isRecord(journal?.settings) && isNested(journal?.parts)) return journal as Journal
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileFailure('read', file, error)
  }
  throw new UserError(`${file} is damaged: ${START_ANEW}`)
}

const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists of lists of lists of numbers. */
function isNested(value: unknown, depth = 3): boolean {
  if (depth === 0) return Number.isSafeInteger(value)
  return Array.isArray(value) && value.every((inner) => isNested(inner, depth - 1))
}

function concat(frames: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(frames.reduce((length, frame) => length + frame.length, 0))
  let at = 0
  for (const frame of frames) {
    all.set(frame, at)
    at += frame.length
  }
  return all
}
