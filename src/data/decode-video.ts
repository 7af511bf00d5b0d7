import ffmpeg from 'fluent-ffmpeg'
import path from 'node:path'
import type { PassThrough } from 'node:stream'
import { UserError } from '../errors.js'

const SCALING = 'flags=area+full_chroma_int+full_chroma_inp+accurate_rnd'

/**
 * Decodes a video with ffmpeg: each stored frame once, whatever its time stamp, scaled so that its shorter
 * side is `size` and cut to the middle `size` x `size`.
 * @param program path of the ffmpeg program
 * @yields pieces of the frames' bytes, uint8 RGB, (T, size, size, 3) in all; never a whole video at once
 * @throws UserError naming the file, with ffmpeg's last words, if it cannot be decoded.
 */
export async function* decodeVideo(file: string, size: number, program: string): AsyncGenerator<Uint8Array> {
  // A path from the root: `concat:a` or `-y` alone would be taken for something else than a file.
  const command = ffmpeg(path.resolve(file))
    .setFfmpegPath(program)
    .inputOptions('-nostdin', '-hide_banner', '-loglevel', 'error')
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
  const ended = new Promise((resolve, reject) => {
    command.on('end', resolve)
    command.on('error', (error: Error, _: string | null, words: string | null) => {
      const lastWords = words
        ?.trim()
        .split('\n')
        .findLast((line) => line !== '')
      reject(new UserError(`${file} cannot be decoded: ${lastWords ?? error.message}`, { cause: error }))
    })
  })
  const frames = command.pipe() as PassThrough
  // The frames can end before ffmpeg says that it failed, or not end at all.
  ended.catch((error: unknown) => frames.destroy(error as Error))
  let done = false
  try {
    for await (const chunk of frames) yield chunk as Uint8Array
    await ended
    done = true
  } finally {
    if (!done) command.kill('SIGKILL')
  }
}
