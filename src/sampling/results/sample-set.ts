import { readdirSync } from 'node:fs'
import { UserError } from '../../errors.js'
import { range } from '../../schemes/range.js'
import { isMissing } from '../../system-errors.js'
import { sampleFile, samplesFolder } from './results-layout.js'
import { readSampleShape, sizeInWords, type SampleShape } from './sample-file.js'

/** One sampled video. */
export interface SampleFile {
  readonly video: number
  readonly sampleIdx: number
  readonly file: string
}

/** Sampled videos of one run that go together: of one shape. */
export interface SampleSet {
  /** In the order of the videos, those of one video in the order of their numbers. */
  readonly samples: readonly SampleFile[]
  /** What was left out, and why. */
  readonly skipped: readonly (SampleFile & { readonly reason: string })[]
  /** Of each. */
  readonly shape: SampleShape
}

export interface SampleSetOptions {
  /** Takes videos from 0 up to this number, each of which must be there; undefined: those that are there. */
  readonly numVideos?: number | undefined
  /** Numbers of the samples of each video, each of which must be there; undefined: those that any video has. */
  readonly sampleIndices?: readonly number[] | undefined
  /** Leaves out what cannot be used. */
  readonly skipBad: boolean
}

/**
 * Looks at the headers of a run's samples.
 * @throws UserError that counts and names those that are missing, damaged, empty or of another shape than
 *   most, unless they are to be skipped; if there are none at all.
 */
export function sampleSet(evalDir: string, options: SampleSetOptions): SampleSet {
  const { numVideos, sampleIndices, skipBad } = options
  const present = samplesIn(evalDir)
  const indices = sampleIndices ?? distinct(present.map(({ sampleIdx }) => sampleIdx))
  const wanted = present.filter(({ sampleIdx }) => indices.includes(sampleIdx))
  const videos = numVideos === undefined ? distinct(wanted.map(({ video }) => video)) : range(numVideos)
  const found = videos.flatMap((video) =>
    indices.map((sampleIdx) => inspect({ video, sampleIdx, file: sampleFile(evalDir, video, sampleIdx) })),
  )
  const size = mostCommon(found.flatMap((sample) => ('shape' in sample ? [sizeInWords(sample.shape)] : [])))
  const judged = found.map((sample) => {
    if ('reason' in sample || sizeInWords(sample.shape) === size) return sample
    return { ...sample, reason: `has ${sizeInWords(sample.shape)}, others have ${size}` }
  })
  const samples = judged.flatMap((sample) => ('reason' in sample ? [] : [sample]))
  const skipped = judged.flatMap((sample) => ('reason' in sample ? [sample] : []))
  const [first] = samples
  if (!first)
    throw new UserError(
      `${samplesFolder(evalDir)} holds no sample${indices.length > 0 ? ` ${indices.join(', ')}` : ''} of any video${named(skipped)}: is it the folder that sample wrote to?`,
    )
  if (skipped.length > 0 && !skipBad)
    throw new UserError(
      `${skipped.length} of ${found.length} samples cannot be used${named(skipped)}: sample them again, or leave them out with --skip_bad`,
    )
  return {
    samples: samples.map(({ video, sampleIdx, file }) => ({ video, sampleIdx, file })),
    skipped: skipped.map(({ video, sampleIdx, file, reason }) => ({ video, sampleIdx, file, reason })),
    shape: first.shape,
  }
}

/** The samples of each video. */
export function samplesByVideo({ samples }: Pick<SampleSet, 'samples'>): Map<number, SampleFile[]> {
  const videos = new Map<number, SampleFile[]>()
  for (const sample of samples) videos.set(sample.video, [...(videos.get(sample.video) ?? []), sample])
  return videos
}

/**
 * A set without the videos of which a sample was left out: the best of k samples compares only with the best of
 * as many.
 * @throws UserError if none is left.
 */
export function wholeVideos(set: SampleSet): SampleSet {
  const broken = new Set(set.skipped.map(({ video }) => video))
  const samples = set.samples.filter(({ video }) => !broken.has(video))
  if (samples.length === 0)
    throw new UserError(`there is no video of which all samples can be used${named(set.skipped)}`)
  return { ...set, samples }
}

/** Names in an error; the rest is counted. */
const NAMED = 5

function named(skipped: readonly { file: string; reason: string }[]): string {
  const texts = skipped.slice(0, NAMED).map(({ file, reason }) => `${file} ${reason}`)
  const more = skipped.length - texts.length
  return texts.length === 0 ? '' : ` (${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''})`
}

/** What the names of files say is there. */
function samplesIn(evalDir: string): { readonly video: number; readonly sampleIdx: number }[] {
  let names: string[]
  try {
    names = readdirSync(samplesFolder(evalDir))
  } catch (error) {
    if (isMissing(error))
      throw new UserError(`${evalDir} has no samples/: give the folder that sample wrote to`, {
        cause: error,
      })
    throw error
  }
  return names.flatMap((name) => {
    const [, video, sampleIdx] = /^sample_(\d{4,})-(\d+)\.npy$/.exec(name) ?? []
    return video === undefined ? [] : [{ video: Number(video), sampleIdx: Number(sampleIdx) }]
  })
}

const distinct = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b)

type Inspected = SampleFile & ({ readonly shape: SampleShape } | { readonly reason: string })

function inspect(sample: SampleFile): Inspected {
  const { file } = sample
  try {
    return { ...sample, shape: readSampleShape(file) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const isThere = !isMissing(error.cause)
    return { ...sample, reason: isThere ? error.message.replace(`${file} `, '') : 'is missing' }
  }
}

function mostCommon(keys: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].reduce<[string, number] | undefined>(
    (best, entry) => (best && best[1] >= entry[1] ? best : entry),
    undefined,
  )?.[0]
}
