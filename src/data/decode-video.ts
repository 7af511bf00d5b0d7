import ffmpeg from 'fluent-ffmpeg'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { UserError } from '../errors.js'

/**
 * Decodes a video with ffmpeg: each stored frame once, whatever its time stamp, scaled so that its shorter
 * side is `size` and cut to the middle `size` x `size`.
 * @param program path of the ffmpeg program
 * @yields pieces of the frames' bytes, uint8 RGB, (T, size, size, 3) in all; never a whole video at once
 * @throws UserError naming the file, with ffmpeg's last words, if it cannot be decoded.
 */
export async function* decodeVideo(file: string, size: number, program: string): AsyncGenerator<Uint8Array> {
  // The scheme keeps a name such as `concat:a` or `-y` from being taken for anything but a file.
  const command = ffmpeg(`file:${path.resolve(file)}`)
    .setFfmpegPath(program)
    .inputOptions('-nostdin', '-hide_banner', '-loglevel', 'error')
    .noAudio()
    .videoFilters([
      `scale=${size}:${size}:force_original_aspect_ratio=increase:flags=area`,
      // Before the cut: pixels with shared colours could only be cut at even places.
      'format=rgb24',
      `crop=${size}:${size}`,
      // Evenly spaced times at the rate of the output, so that no frame is dropped or doubled.
      'settb=1/25',
      'setpts=N',
    ])
    .outputOptions('-r', '25', '-pix_fmt', 'rgb24')
    .format('rawvideo')
  const ended = once(command, 'end')
  // Awaited below, when the frames are through; until then a failure must not count as unhandled.
  ended.catch(() => undefined)
  const frames = command.pipe() as Readable & { destroy(error: Error): void }
  command.on('error', (error: Error, _: string | null, words: string | null) => {
    const lastWords = words
      ?.trim()
      .split('\n')
      .findLast((line) => line !== '')
    frames.destroy(
      new UserError(`${file} cannot be decoded: ${lastWords ?? error.message}`, { cause: error }),
    )
  })
  let done = false
  try {
    for await (const chunk of frames) yield chunk as Uint8Array
    await ended
    done = true
  } finally {
    if (!done) command.kill('SIGKILL')
  }
}
