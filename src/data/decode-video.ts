import ffmpeg from 'fluent-ffmpeg'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { UserError } from '../errors.js'
import { ffmpegLines } from './ffmpeg-lines.js'

const SCALING = 'flags=area+full_chroma_int+full_chroma_inp+accurate_rnd'

/** Damage that ffmpeg tells of and passes over: of files that end early, of pictures, of Matroska and WebM. */
const PASSED_OVER = new RegExp(
  'ended prematurely|decode failed|Invalid PNG|chunk too big|CRC mismatch|' +
    'containing master element|EBML number|Unknown-sized element|Invalid track number',
  'i',
)

/** How frames become square. */
export type Resize =
  /** The shorter side is scaled, the middle kept. */
  | 'crop'
  /** The longer side is scaled, black bars fill the rest. */
  | 'fit'

export interface Decoding {
  /** Height and width of the frames. */
  readonly size: number
  /** `crop` by default. */
  readonly resize?: Resize
  /** Frames to take of each second, by their time stamps; 0, the default: each stored frame once. */
  readonly frameRate?: number
  /** Path of the ffmpeg program. */
  readonly program: string
}

/** Pictures that are the frames of a video, all of one kind. */
export interface CodedPictures {
  /** What a person knows them as, for messages. */
  readonly name: string
  readonly codec: 'png' | 'mjpeg'
  /** Files in PNG or JPEG, one after the other. */
  readonly pictures: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/**
 * Decodes a video, or pictures that make one, with ffmpeg into square frames.
 * @param video a file, or pictures
 * @param signal ends ffmpeg; the error is the signal's reason
 * @yields pieces of the frames' bytes, uint8 RGB, (T, size, size, 3) in all; never a whole video at once
 * @throws UserError naming the file, with ffmpeg's words, if it cannot be decoded or is damaged anywhere.
 */
export async function* decodeVideo(
  video: string | CodedPictures,
  decoding: Decoding,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  const command = ffmpegCommand(video, decoding)
  const kill = () => command.kill('SIGKILL')
  // Whoever stops decoding before ffmpeg runs has nothing to kill yet.
  let done = false
  command.on('start', () => done && kill())
  const ended = outcome(command, typeof video === 'string' ? video : video.name)
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

function ffmpegCommand(video: string | CodedPictures, decoding: Decoding): ffmpeg.FfmpegCommand {
  const { size, resize = 'crop', frameRate = 0, program } = decoding
  // A path from the root: `concat:a` or `-y` alone would be taken for something else than a file.
  const command =
    typeof video === 'string'
      ? ffmpeg(path.resolve(video))
      : ffmpeg(Readable.from(video.pictures, { objectMode: false })).inputOptions(
          ...['-f', 'image2pipe', '-c:v', video.codec],
        )
  const isCut = resize === 'crop'
  return (
    command
      .setFfmpegPath(program)
      // Otherwise frames that cannot be decoded would be made up or left out.
      .inputOptions('-nostdin', '-hide_banner', '-loglevel', 'error', '-xerror')
      .noAudio()
      .videoFilters([
        ...(frameRate > 0 ? atRate(frameRate) : []),
        // Without the longer flags, colours would be taken at half the frame's size, which is small already.
        `scale=${size}:${size}:force_original_aspect_ratio=${isCut ? 'increase' : 'decrease'}:${SCALING}`,
        // Before the cut: pixels with shared colours could only be cut at even places.
        'format=rgb24',
        isCut ? `crop=${size}:${size}` : `pad=${size}:${size}:(ow-iw)/2:(oh-ih)/2`,
        // A time to each frame that is longer than any frame is shown, at the rate of the output: then none
        // is dropped or doubled, not even the last, in a GIF with pauses.
        'settb=1000',
        'setpts=N',
      ])
      .outputOptions('-r', '1/1000', '-pix_fmt', 'rgb24')
      .format('rawvideo')
  )
}

/**
 * Frames at even times from the first one on: at each the one that is shown then. Times in files are rounded,
 * and one that falls short of its due by a little must not be passed over for the next: a fiftieth of the time
 * between two frames is let go.
 */
function atRate(rate: number): string[] {
  return [`setpts=PTS-STARTPTS-0.02/(${rate}*TB)`, `fps=${rate}:start_time=0:round=up:eof_action=pass`]
}

/** Resolves when ffmpeg has decoded the whole file. */
function outcome(command: ffmpeg.FfmpegCommand, name: string): Promise<void> {
  const failure = (reason: string, cause?: Error) =>
    new UserError(`${name} cannot be decoded: ${reason.replace(/\.$/, '')}: replace or remove it`, { cause })
  return new Promise((resolve, reject) => {
    command.on('end', (_: string | null, words: string | null) => {
      const damage = ffmpegLines(words).find((line) => PASSED_OVER.test(line))
      if (damage === undefined) resolve()
      else reject(failure(damage))
    })
    command.on('error', (error: Error, _: string | null, words: string | null) => {
      const telling = ffmpegLines(words).filter((line) => !/(Task finished|thread) with/.test(line))
      // An error of the program, or of what gives the pictures, is not the video's.
      const given = 'inputStreamError' in error ? error.inputStreamError : undefined
      if (given instanceof UserError) reject(given)
      else reject(failure(telling.at(-1) ?? error.message, error))
    })
  })
}
