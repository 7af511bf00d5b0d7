import { createHash } from 'node:crypto'
import { counted } from '../../counted.js'
import type { VideoDataset, VideoEntry } from '../../data/dataset.js'
import { UserError } from '../../errors.js'

/** What a run was trained on, as kept in its `state<step>.json`. */
export interface VideoList {
  readonly count: number
  /** SHA-256 of names, sizes and lengths in their order. */
  readonly sha256: string
  /** Name, bytes and frames of each, unless there are very many: to say what has changed. */
  readonly videos?: readonly (readonly [name: string, bytes: number, frames: number])[]
}

/** Videos of which more than the checksum is kept with each checkpoint. */
const MOST_LISTED = 5000
/** Videos that a message names. */
const MOST_NAMED = 3

/** The list of a data set's videos; undefined for one that is not of files. */
export function videoList({ videos }: VideoDataset): VideoList | undefined {
  if (!videos) return undefined
  const entries = videos.map(({ name, bytes, frames }: VideoEntry) => [name, bytes, frames] as const)
  const sha256 = createHash('sha256').update(JSON.stringify(entries)).digest('hex')
  return { count: entries.length, sha256, ...(entries.length <= MOST_LISTED && { videos: entries }) }
}

/**
 * In a few words, what is different between the videos that a run was trained on and those there are now;
 * undefined if nothing is, or one of them is not known.
 */
export function changedVideos(before: unknown, now: VideoList | undefined): string | undefined {
  if (!now || !isVideoList(before) || before.sha256 === now.sha256) return undefined
  const counts = `${counted(before.count, 'video')} then, ${now.count} now`
  if (!before.videos || !now.videos) return counts
  const [old, current] = [byName(before.videos), byName(now.videos)]
  const named = (what: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : [
          `${what}: ${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''}`,
        ]
  const changes = [
    ...named(
      'gone',
      [...old.keys()].filter((name) => !current.has(name)),
    ),
    ...named(
      'new',
      [...current.keys()].filter((name) => !old.has(name)),
    ),
    ...named(
      'of another size',
      [...old].flatMap(([name, size]) => (current.has(name) && current.get(name) !== size ? [name] : [])),
    ),
  ]
  return `${counts}; ${changes.length > 0 ? changes.join('; ') : 'their order is another'}`
}

/**
 * Makes sure that a run goes on with the videos that it was trained on.
 * @returns what is different, where that is allowed
 * @throws UserError saying what is different and how to go on.
 */
export function requireSameVideos(
  before: unknown,
  now: VideoList | undefined,
  allowChanges: boolean,
): string | undefined {
  const changes = changedVideos(before, now)
  if (changes === undefined || allowChanges) return changes
  throw new UserError(
    `the videos are not those that this run was trained on (${changes}): put them back, ` +
      'or go on with --allow_changed_data, which makes it another run from here on',
  )
}

function isVideoList(value: unknown): value is VideoList {
  const list = value as Partial<VideoList> | null | undefined
  return typeof list?.count === 'number' && typeof list.sha256 === 'string'
}

const byName = (videos: NonNullable<VideoList['videos']>) =>
  new Map(videos.map(([name, bytes, frames]) => [name, `${bytes} ${frames}`]))
