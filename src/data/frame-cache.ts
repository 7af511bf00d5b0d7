import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../errors.js'
import { streamFileAtomic, writeFully } from '../files.js'
import { makeFolder } from '../make-folder.js'
import { decodeVideo } from './decode-video.js'
import { npyHeader } from './npy.js'
import { resizeFrame } from './resize-frame.js'
import { openVideoFile, type VideoFile } from './video-file.js'

/** Part of each cached file's key: to be raised when decoding changes. */
const DECODER_VERSION = 1

export interface FrameCache {
  /** Where decoded videos go. */
  readonly folder: string
  /** Height and width of the cached frames. */
  readonly imageSize: number
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
 * The raw frames of a video as a file that `openVideoFile` takes: decoded on the first call, found again
 * while the video's name, size and time of change stay the same. Raw frames that have the right size
 * already are used where they are. Memory: a few frames, however long the video.
 * @param signal stops between two pieces of the video, and leaves nothing behind; the error is its reason
 * @throws UserError naming the file if it cannot be read or decoded, or ffmpeg is needed and missing.
 */
export async function cachedFrames(file: string, cache: FrameCache, signal?: AbortSignal): Promise<string> {
  const raw = /\.(npy|pt)$/i.test(file) ? openVideoFile(file) : undefined
  if (raw?.height === cache.imageSize && raw.width === cache.imageSize) return file
  const { size, mtimeMs } = statSync(file)
  const key = hash(JSON.stringify([path.basename(file), size, mtimeMs, cache.imageSize, DECODER_VERSION]))
  // Of a long name only the beginning, so that the whole stays below the 255 bytes that a name may have.
  const cached = path.join(cache.folder, `${path.basename(file).slice(0, 64)}.${key}.npy`)
  if (!existsSync(cached)) {
    const pieces = raw
      ? resizedFrames(raw, cache.imageSize, signal)
      : decodeVideo(file, cache.imageSize, program(file, cache), signal)
    await writeFrames(cached, pieces, cache.imageSize, file)
  }
  return cached
}

/** Streams frames into a .npy file; the number of frames is known, and written, last. */
async function writeFrames(
  cached: string,
  pieces: AsyncIterable<Uint8Array>,
  size: number,
  source: string,
): Promise<void> {
  await streamFileAtomic(cached, async (fd) => {
    let bytes = 0
    writeFully(fd, npyHeader('uint8', [0, size, size, 3]))
    for await (const piece of pieces) {
      writeFully(fd, piece)
      bytes += piece.length
    }
    const frames = bytes / (size * size * 3)
    if (frames === 0) throw new UserError(`${source} holds no video: ffmpeg decoded no frame of it`)
    if (!Number.isInteger(frames)) throw new UserError(`${source} ended within a frame: the file is damaged`)
    const header = npyHeader('uint8', [frames, size, size, 3])
    writeSync(fd, header, 0, header.length, 0)
  })
}

async function* resizedFrames(
  video: VideoFile,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let frame = 0; frame < video.frames; frame++) {
    // Nothing here waits: without a pause, Ctrl-C would be heard only after the last frame.
    await setImmediate()
    signal?.throwIfAborted()
    yield resizeFrame(video.read([frame]), video.height, video.width, size)
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
