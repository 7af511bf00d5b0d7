import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../errors.js'
import { fileFailure } from '../files/file-failure.js'
import { makeFolder } from '../files/make-folder.js'
import { decodeVideo, type Resize } from './decode-video.js'
import { decodePictures, pictureStats, picturesIn } from './picture-folder.js'
import { resizeFrame } from './resize-frame.js'
import { openVideoFile, type VideoFile } from './video-file.js'
import { writeFrames } from './write-frames.js'

/** Part of each cached file's key: to be raised when decoding changes. */
const DECODER_VERSION = 1

export interface FrameCache {
  /** Where decoded videos go. */
  readonly folder: string
  /** Height and width of the cached frames. */
  readonly imageSize: number
  /** How frames become square; `crop` by default. */
  readonly resize?: Resize
  /** Frames to take of each second of a coded video; 0, the default: all that are stored. */
  readonly frameRate?: number
  /** The ffmpeg program; asked for only when a video needs it. */
  readonly ffmpeg: () => string | undefined
}

/**
 * `<dataDir>/.fdm-cache/<imageSize>`, or, where the videos lie on a disk that cannot be written to, a folder
 * of its own below `fallback`.
 */
export function frameCacheFolder(dataDir: string, imageSize: number, fallback: string): string {
  const beside = path.join(dataDir, '.fdm-cache', String(imageSize))
  try {
    makeFolder(beside)
    accessSync(beside, constants.W_OK)
    return beside
  } catch {
    return path.join(fallback, 'frames', hash(path.resolve(dataDir)), String(imageSize))
  }
}

/**
 * The raw frames of a video, or of a folder of pictures that make one, as a file that `openVideoFile` takes:
 * decoded on the first call, found again while the names, sizes and times of change stay the same. Raw frames
 * that have the right size already are used where they are. Memory: a few frames, however long the video.
 * @param signal stops between two pieces of the video, and leaves nothing behind; the error is its reason
 * @throws UserError naming the file if it cannot be read or decoded, or ffmpeg is needed and missing.
 */
export async function cachedFrames(video: string, cache: FrameCache, signal?: AbortSignal): Promise<string> {
  const { folder, imageSize, resize = 'crop', frameRate = 0 } = cache
  const raw = /\.(npy|pt)$/i.test(video) ? openVideoFile(video) : undefined
  if (raw && frameRate > 0)
    throw new UserError(
      `${video} holds frames without times: take every n-th with --frame_stride, not --frame_rate`,
    )
  if (raw?.height === imageSize && raw.width === imageSize) return video
  const pictures = picturesIn(video)
  const { size, mtimeMs } = statOf(video)
  const changes = pictures.length > 0 ? [pictureStats(pictures)] : [size, mtimeMs]
  // What is as it always was is not part of the key: caches of older versions stay good.
  const chosen = resize === 'crop' && frameRate === 0 ? [] : [resize, frameRate]
  const key = hash(JSON.stringify([path.basename(video), ...changes, imageSize, DECODER_VERSION, ...chosen]))
  // Of a long name only the beginning, so that the whole stays below the 255 bytes that a name may have.
  const cached = path.join(folder, `${path.basename(video).slice(0, 64)}.${key}.npy`)
  if (!existsSync(cached)) {
    const pieces = () => {
      if (raw) return resizedFrames(raw, cache, signal)
      const decoding = { size: imageSize, resize, frameRate, program: program(video, cache) }
      return (pictures.length > 0 ? decodePictures : decodeVideo)(video, decoding, signal)
    }
    await writeFrames(cached, pieces(), imageSize, video)
  }
  return cached
}

/** @throws UserError for a link that leads nowhere, and for what nobody can wait for, such as a named pipe. */
function statOf(video: string): Stats {
  let stat: Stats
  try {
    stat = statSync(video)
  } catch (error) {
    throw fileFailure('read', video, error)
  }
  if (!stat.isFile() && !stat.isDirectory())
    throw new UserError(`${video} is no plain file: replace or remove it`)
  return stat
}

async function* resizedFrames(
  video: VideoFile,
  { imageSize, resize }: FrameCache,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let frame = 0; frame < video.frames; frame++) {
    // Nothing here waits: without a pause, Ctrl-C would be heard only after the last frame.
    await setImmediate()
    signal?.throwIfAborted()
    yield resizeFrame(video.read([frame]), video.height, video.width, imageSize, resize)
  }
}

function program(file: string, cache: FrameCache): string {
  const found = cache.ffmpeg()
  if (found) return found
  throw new UserError(
    `${file} needs ffmpeg to be decoded, and there is none: run "npx fdm setup" or set FFMPEG_PATH`,
  )
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)
