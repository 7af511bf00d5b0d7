import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../../errors.js'
import { readText } from '../../files/read-text.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { isFolder } from '../../files/make-folder.js'
import { writeFrames } from '../write-frames.js'
import { filmArchive } from './film-archive.js'
import { filmFolders } from './film-folders.js'
import type { PublishedVideos } from './published-videos.js'
import { recordFiles } from './record-files.js'

export interface ConvertRequest {
  /** A zip archive, or a folder. */
  readonly source: string
  /** Where `train/<i>.npy` and `test/<i>.npy` go. */
  readonly target: string
  /** Height and width of the frames. */
  readonly imageSize: number
  readonly ffmpeg: () => string | undefined
  /** Called after each video, and once before the first. */
  readonly onProgress?: ((done: number, total: number, note: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Converted {
  readonly form: string
  readonly train: number
  readonly test: number
  /** How many were there already. */
  readonly kept: number
}

/** What the videos of a folder were made of, beside them. */
const RECORD = 'converted-from.json'

/**
 * Brings a data set from its published form, folders or an archive of films or TFRecord files, into the layout
 * `<split>/<i>.npy`, uint8 (T, H, W, 3), numbered in the published order. Each file appears whole or not at
 * all; those that are there are kept, so that an interrupted conversion goes on when it is repeated.
 * @throws UserError if the source holds nothing that is known, a video is damaged, or the target was made of
 *   something else.
 */
export async function convertDataset(request: ConvertRequest): Promise<Converted> {
  const { source, target, imageSize, onProgress, signal } = request
  const videos = await publishedVideos(source)
  claim(target, videos, imageSize)
  const tasks = (['train', 'test'] as const).flatMap((split) =>
    videos[split].map((video, i) => ({ video, file: path.join(target, split, `${i}.npy`) })),
  )
  let [done, kept] = [0, 0]
  let program: string | undefined
  for (const { video, file } of tasks) {
    onProgress?.(done++, tasks.length, video.name)
    signal?.throwIfAborted()
    if (existsSync(file)) kept++
    else {
      program ??= findProgram(request)
      await writeFrames(file, video.frames(imageSize, program, signal), imageSize, video.name)
    }
  }
  onProgress?.(tasks.length, tasks.length, '')
  return { form: videos.form, train: videos.train.length, test: videos.test.length, kept }
}

async function publishedVideos(source: string): Promise<PublishedVideos> {
  if (!existsSync(source)) throw new UserError(`${source} does not exist: give an archive or a folder`)
  const found = isFolder(source)
    ? (recordFiles(source) ?? filmFolders(source))
    : statSync(source).size > 0
      ? await filmArchive(source)
      : undefined
  if (found) return found
  throw new UserError(
    `${source} holds no videos in a published form: expected train/*.mp4 and test/*.mp4, in folders or ` +
      'a zip archive, or files <name>-train.tfrecord-..',
  )
}

/** Writes what the target is made of, or makes sure that it is the same. */
function claim(target: string, videos: PublishedVideos, imageSize: number): void {
  const file = path.join(target, RECORD)
  const names = (split: 'train' | 'test') => videos[split].map(({ name }) => path.basename(name))
  const record = JSON.stringify({
    form: videos.form,
    image_size: imageSize,
    train: names('train'),
    test: names('test'),
  })
  if (!existsSync(file)) {
    const first = path.join(target, 'train', '0.npy')
    if (existsSync(first))
      throw new UserError(
        `${target} holds videos that were not converted here: choose another folder with --data_dir`,
      )
    writeFileAtomic(file, `${record}\n`)
  } else if (readText(file).trim() !== record)
    throw new UserError(
      `${target} was made of other videos (see ${RECORD}): choose another folder with --data_dir`,
    )
}

function findProgram({ ffmpeg }: ConvertRequest): string {
  const program = ffmpeg()
  if (program !== undefined) return program
  throw new UserError(
    'videos need ffmpeg to be decoded, and there is none: run "npx fdm setup" or set FFMPEG_PATH',
  )
}
