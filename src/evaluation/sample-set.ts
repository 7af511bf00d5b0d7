import { readdirSync } from 'node:fs'
import { readNpyHeader } from '../data/npy.js'
import { UserError } from '../errors.js'
import { isMissing } from '../files.js'
import { sampleFile, samplesFolder } from '../sampling/results-layout.js'
import { range } from '../schemes/range.js'

/** Sampled videos of one run that go together: of one shape, one sample of each video. */
export interface SampleSet {
  /** In the order of the videos. */
  readonly samples: readonly { readonly video: number; readonly file: string }[]
  /** What was left out, and why. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[]
  /** Frames, height and width of each. */
  readonly shape: readonly [T: number, H: number, W: number]
}

export interface SampleSetOptions {
  /** Takes videos from 0 up to this number, each of which must be there; undefined: those that are there. */
  readonly numVideos?: number | undefined
  readonly sampleIdx: number
  /** Leaves out what cannot be used. */
  readonly skipBad: boolean
}

/**
 * Looks at the headers of a run's samples.
 * @throws UserError that counts and names those that are missing, damaged, empty or of another shape than
 *   most, unless they are to be skipped; if there are none at all.
 */
export function sampleSet(evalDir: string, { numVideos, sampleIdx, skipBad }: SampleSetOptions): SampleSet {
  const videos = numVideos === undefined ? videosIn(evalDir, sampleIdx) : range(numVideos)
  const found = videos.map((video) => inspect(video, sampleFile(evalDir, video, sampleIdx)))
  const shape = mostCommon(found.flatMap((sample) => ('shape' in sample ? [sample.shape.join()] : [])))
  const judged = found.map((sample) => {
    if ('reason' in sample || sample.shape.join() === shape) return sample
    const others = shape?.replaceAll(',', ', ') ?? ''
    return { ...sample, reason: `is of shape (${sample.shape.join(', ')}), others of (${others})` }
  })
  const samples = judged.flatMap((sample) => ('reason' in sample ? [] : [sample]))
  const skipped = judged.flatMap((sample) => ('reason' in sample ? [sample] : []))
  const [first] = samples
  if (!first)
    throw new UserError(
      `${samplesFolder(evalDir)} holds no sample ${sampleIdx} of any video${named(skipped)}: is it the folder that sample wrote to?`,
    )
  if (skipped.length > 0 && !skipBad)
    throw new UserError(
      `${skipped.length} of ${found.length} samples cannot be used${named(skipped)}: sample them again, or leave them out with --skip_bad`,
    )
  const [T = 0, , H = 0, W = 0] = first.shape
  return {
    samples: samples.map(({ video, file }) => ({ video, file })),
    skipped: skipped.map(({ file, reason }) => ({ file, reason })),
    shape: [T, H, W],
  }
}

/** Names in an error; the rest is counted. */
const NAMED = 5

function named(skipped: readonly { file: string; reason: string }[]): string {
  const texts = skipped.slice(0, NAMED).map(({ file, reason }) => `${file} ${reason}`)
  const more = skipped.length - texts.length
  return texts.length === 0 ? '' : ` (${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''})`
}

/** Numbers of the videos that a sample of this number is there of, ascending. */
function videosIn(evalDir: string, sampleIdx: number): number[] {
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
  const videos = names.flatMap((name) => {
    const [, video, idx] = /^sample_(\d{4,})-(\d+)\.npy$/.exec(name) ?? []
    return Number(idx) === sampleIdx ? [Number(video)] : []
  })
  return videos.sort((a, b) => a - b)
}

type Inspected = { readonly video: number; readonly file: string } & (
  { readonly shape: readonly number[] } | { readonly reason: string }
)

function inspect(video: number, file: string): Inspected {
  try {
    const { dtype, shape } = readNpyHeader(file)
    if (dtype !== 'uint8' || shape.length !== 4 || shape[1] !== 3)
      return { video, file, reason: `holds ${dtype} (${shape.join(', ')}), not uint8 (T, 3, H, W)` }
    if (shape.includes(0)) return { video, file, reason: 'holds no frames' }
    return { video, file, shape }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const isThere = !isMissing(error.cause)
    return { video, file, reason: isThere ? error.message.replace(`${file} `, '') : 'is missing' }
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
