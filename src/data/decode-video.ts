import ffmpeg from 'fluent-ffmpeg'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { UserError } from '../errors.js'

const SCALING = 'flags=area+full_chroma_int+full_chroma_inp+accurate_rnd'

/** Damage that ffmpeg tells of and passes over. */
const PASSED_OVER = /ended prematurely|decode failed/i

/**
 * Decodes a video with ffmpeg: each stored frame once, whatever its time stamp, scaled so that its shorter
 * side is `size` and cut to the middle `size` x `size`.
 * @param program path of the ffmpeg program
 * @param signal ends ffmpeg; the error is the signal's reason
 * @yields pieces of the frames' bytes, uint8 RGB, (T, size, size, 3) in all; never a whole video at once
 * @throws UserError naming the file, with ffmpeg's words, if it cannot be decoded or is damaged anywhere.
 */
export async function* decodeVideo(
  file: string,
  size: number,
  program: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  const command = decoding(file, size, program)
  const kill = () => command.kill('SIGKILL')
  // Whoever stops decoding before ffmpeg runs has nothing to kill yet.
  let done = false
  command.on('start', () => done && kill())
  const ended = outcome(command, file)
  // Told that the frames are read to their end, fluent-ffmpeg would soon take ffmpeg for stuck and kill it.
  const frames = new PassThrough({ emitClose: false })
  command.pipe(frames)
  // The frames can end before ffmpeg says that it failed, or not end at all.
  ended.catch((error: unknown) => frames.destroy(error as Error))
  const abort = () => {
    frames.destroy(signal?.reason as Error)
    kill()
  }
  signal?.addEventListener('abort', abort)
  try {
    for await (const chunk of frames) yield chunk as Uint8Array
    await ended
  } catch (error) {
    // Ctrl-C ends ffmpeg as well, which then complains: no fault of the video.
    signal?.throwIfAborted()
    throw error
  } finally {
    done = true
    signal?.removeEventListener('abort', abort)
    kill()
  }
}

function decoding(file: string, size: number, program: string): ffmpeg.FfmpegCommand {
  // A path from the root: `concat:a` or `-y` alone would be taken for something else than a file.
  return (
    ffmpeg(path.resolve(file))
      .setFfmpegPath(program)
      // Otherwise frames that cannot be decoded would be made up or left out.
      .inputOptions('-nostdin', '-hide_banner', '-loglevel', 'error', '-xerror')
      .noAudio()
      .videoFilters([
        // Without the longer flags, colours would be taken at half the frame's size, which is small already.
        `scale=${size}:${size}:force_original_aspect_ratio=increase:${SCALING}`,
        // Before the cut: pixels with shared colours could only be cut at even places.
        'format=rgb24',
        `crop=${size}:${size}`,
        // A time to each frame that is longer than any frame is shown, at the rate of the output: then none
        // is dropped or doubled, not even the last, in a GIF with pauses.
        'settb=1000',
        'setpts=N',
      ])
      .outputOptions('-r', '1/1000', '-pix_fmt', 'rgb24')
      .format('rawvideo')
  )
}

/** Resolves when ffmpeg has decoded the whole file. */
function outcome(command: ffmpeg.FfmpegCommand, file: string): Promise<void> {
  const failure = (reason: string, cause?: Error) =>
    new UserError(`${file} cannot be decoded: ${reason}: replace or remove it`, { cause })
  return new Promise((resolve, reject) => {
    command.on('end', (_: string | null, words: string | null) => {
      const damage = linesOf(words).find((line) => PASSED_OVER.test(line))
      if (damage === undefined) resolve()
      else reject(failure(damage))
    })
    command.on('error', (error: Error, _: string | null, words: string | null) => {
      const telling = linesOf(words).filter((line) => !/(Task finished|thread) with/.test(line))
      reject(failure(telling.at(-1) ?? error.message, error))
    })
  })
}

/** What ffmpeg said, without the names of its parts at the beginning of each line. */
function linesOf(words: string | null): string[] {
  const lines = (words ?? '').split('\n').map((line) => line.replace(/^(\[[^\]]*\] )+/, '').trim())
  return lines.filter((line) => line !== '')
}
