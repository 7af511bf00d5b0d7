import ffmpeg from 'fluent-ffmpeg'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { UserError } from '../errors.js'
import { writeFileAtomic } from '../files.js'
import type { Film } from '../sampling/video-batch.js'

export type FilmFormat = keyof typeof CODECS

const CODECS = {
  mp4: ['-c:v', 'libx264', '-crf', '15', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
  webm: ['-c:v', 'libvpx-vp9', '-crf', '20', '-b:v', '0', '-pix_fmt', 'yuv420p'],
  avi: ['-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj420p'],
} as const

/** Two pixels share one colour in each direction, so that width and height must be even. */
const PAD_TO_EVEN = 'pad=ceil(iw/2)*2:ceil(ih/2)*2'

/**
 * Writes a film straight from its raw frames, whole or not at all.
 * @param program path of the ffmpeg program
 * @throws UserError naming the file, with ffmpeg's last words, if it cannot be encoded or written.
 */
export async function encodeFilm(
  film: Film,
  { file, format, fps, program }: { file: string; format: FilmFormat; fps: number; program: string },
): Promise<void> {
  // Not beside the file: ffmpeg goes back to the beginning at the end, and the file must appear whole.
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-film-'))
  try {
    const whole = path.join(folder, `film.${format}`)
    await runFfmpeg(film, { file, format, fps, program, whole })
    writeFileAtomic(file, readFileSync(whole))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runFfmpeg(
  film: Film,
  run: { file: string; format: FilmFormat; fps: number; program: string; whole: string },
): Promise<void> {
  const [, H, W] = film.shape
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${W}x${H}`, '-r', String(run.fps)]
  // Given as options, not by fluent-ffmpeg's methods, which ask ffmpeg for lists of all it has and cannot
  // read those of new versions.
  const output = ['-vf', PAD_TO_EVEN, ...CODECS[run.format], '-f', run.format]
  return new Promise((resolve, reject) => {
    ffmpeg(Readable.from(frames(film)))
      .setFfmpegPath(run.program)
      .inputOptions('-hide_banner', '-loglevel', 'error', ...input)
      .outputOptions(...output)
      .on('end', () => resolve())
      .on('error', (error: Error, _: string | null, words: string | null) => {
        const reason = words?.split('\n').findLast((line) => line.trim() !== '')
        reject(new UserError(`${run.file} could not be made: ${reason ?? error.message}`, { cause: error }))
      })
      .save(run.whole)
  })
}

function* frames({ shape: [T, H, W, C], data }: Film): Generator<Uint8Array> {
  const size = H * W * C
  for (let t = 0; t < T; t++) yield data.subarray(t * size, (t + 1) * size)
}
