import ffmpeg from 'fluent-ffmpeg'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { ffmpegLines } from '../data/ffmpeg-lines.js'
import { UserError } from '../errors.js'
import { temporaryFolder } from '../files/temporary-folder.js'
import { writeFileAtomic } from '../files/write-file.js'
import type { FilmFrames } from './film-frames.js'

export type FilmFormat = keyof typeof CODECS

const CODECS = {
  mp4: ['-c:v', 'libx264', '-crf', '15', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
  webm: ['-c:v', 'libvpx-vp9', '-crf', '20', '-b:v', '0', '-pix_fmt', 'yuv420p'],
  avi: ['-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj420p'],
} as const

const ACCURATE = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp'

/** Which colours numbers stand for. A film that does not say is guessed at by its height. */
const COLOURS = {
  matrix: `scale=out_color_matrix=bt709:out_range=tv:${ACCURATE}`,
  tags: ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
}
/** JPEGs have no choice. */
const JPEG_COLOURS = { matrix: `scale=out_color_matrix=bt601:out_range=pc:${ACCURATE}`, tags: [] }

export interface FilmEncoding {
  readonly file: string
  readonly format: FilmFormat
  /** Frames a second. */
  readonly fps: number
  /** Path of the ffmpeg program. */
  readonly program: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes a film straight from its raw frames, whole or not at all.
 * @throws UserError naming the file, with ffmpeg's last words, if it cannot be encoded or written; the signal's
 *   reason, if the person wants to stop.
 */
export async function encodeFilm(
  film: FilmFrames,
  { file, signal, ...encoding }: FilmEncoding,
): Promise<void> {
  signal?.throwIfAborted()
  // Not beside the file: ffmpeg goes back to the beginning at the end, and the file must appear whole.
  const folder = temporaryFolder('fdm-film-')
  try {
    const whole = path.join(folder, `film.${encoding.format}`)
    await runFfmpeg(film, { file, signal, ...encoding, whole })
    writeFileAtomic(file, readFileSync(whole))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runFfmpeg(film: FilmFrames, run: FilmEncoding & { readonly whole: string }): Promise<void> {
  const [, H, W] = film.shape
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${W}x${H}`, '-r', String(run.fps)]
  // Given as options, not by fluent-ffmpeg's methods, which ask ffmpeg for lists of all it has and cannot
  // read those of new versions.
  const { matrix, tags } = run.format === 'avi' ? JPEG_COLOURS : COLOURS
  const filters = [...padToEven(H, W), matrix].join()
  const output = ['-vf', filters, ...CODECS[run.format], ...tags, '-f', run.format]
  return new Promise((resolve, reject) => {
    // One frame at a time: large ones take long to make, and a signal is heard in between alone.
    const command = ffmpeg(Readable.from(frames(film), { highWaterMark: 1 }))
    const kill = () => command.kill('SIGKILL')
    const end = (settle: () => void) => {
      run.signal?.removeEventListener('abort', kill)
      settle()
    }
    command
      .setFfmpegPath(run.program)
      .inputOptions('-hide_banner', '-loglevel', 'error', ...input)
      .outputOptions(...output)
      .on('end', () => end(resolve))
      .on('error', (error: Error, _: string | null, words: string | null) => {
        const reason = ffmpegLines(words).at(-1) ?? error.message
        const failure = new UserError(`${run.file} could not be made: ${reason}`, { cause: error })
        // A terminal tells ffmpeg too that it is to stop, of which this process may hear a turn later.
        setImmediate(() => end(() => reject(run.signal?.aborted ? (run.signal.reason as Error) : failure)))
      })
      .on('start', () => {
        run.signal?.addEventListener('abort', kill)
        if (run.signal?.aborted) kill()
      })
      .save(run.whole)
  })
}

/**
 * Two pixels share one colour in each direction, so that width and height must be even: what is added repeats
 * the last column or row, as black would darken the colour that it shares.
 */
function padToEven(H: number, W: number): string[] {
  const [bottom, right] = [H % 2, W % 2]
  if (bottom + right === 0) return []
  return [`pad=${W + right}:${H + bottom}`, `fillborders=right=${right}:bottom=${bottom}:mode=smear`]
}

function* frames({ shape: [T], frame }: FilmFrames): Generator<Uint8Array> {
  for (let t = 0; t < T; t++) yield frame(t)
}
