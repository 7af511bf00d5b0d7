import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { isFolder } from '../files/make-folder.js'
import { fileReason } from '../system-errors.js'
import { byName } from './by-name.js'
import { decodeVideo, type Decoding } from './decode-video.js'

/** Pictures whose names hold a number: the frames of a video. */
const PICTURE_NAME = /^[^.].*\.(png|jpe?g)$/is

/** The pictures in a folder, in the order of their numbers; none if it is no folder. */
export function picturesIn(folder: string): string[] {
  if (!isFolder(folder)) return []
  const names = readdirSync(folder).filter((name) => PICTURE_NAME.test(name))
  return names.sort(byName).map((name) => path.join(folder, name))
}

/** What changes when one of the pictures does. */
export function pictureStats(pictures: readonly string[]): readonly (readonly [string, number, number])[] {
  return pictures.map((file) => {
    const { size, mtimeMs } = statSync(file)
    return [path.basename(file), size, mtimeMs] as const
  })
}

/**
 * Decodes a folder of pictures, all PNG or all JPEG, into the frames of a video.
 * @yields pieces of the frames' bytes, as `decodeVideo`
 * @throws UserError naming the first picture that cannot be decoded.
 */
export async function* decodePictures(
  folder: string,
  decoding: Decoding,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const pictures = picturesIn(folder)
  const codec = codecOf(pictures[0] ?? '')
  const other = pictures.find((picture) => codecOf(picture) !== codec)
  if (other !== undefined)
    throw new UserError(`${folder} holds PNG and JPEG pictures (${path.basename(other)}): keep one kind`)
  const { frameRate = 0, size } = decoding
  if (frameRate > 0)
    throw new UserError(
      `${folder} holds pictures, which have no frame rate: take every n-th with --frame_stride, not --frame_rate`,
    )
  let bytes = 0
  try {
    for await (const piece of decodeVideo(
      { name: folder, codec, pictures: contents(pictures) },
      decoding,
      signal,
    )) {
      bytes += piece.length
      yield piece
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw (await firstFault(pictures, codec, decoding, signal)) ?? error
  }
  // ffmpeg passes over what it does not take for a picture.
  if (bytes === pictures.length * size * size * 3) return
  throw (
    (await firstFault(pictures, codec, decoding, signal)) ??
    new UserError(
      `${folder} gives ${bytes / (size * size * 3)} frames, not ${pictures.length}: look at its pictures`,
    )
  )
}

const codecOf = (picture: string) => (/\.png$/i.test(picture) ? 'png' : 'mjpeg')

function* contents(pictures: readonly string[]): Generator<Uint8Array> {
  for (const picture of pictures) yield readPicture(picture)
}

function readPicture(picture: string): Uint8Array {
  try {
    return readFileSync(picture)
  } catch (error) {
    throw new UserError(`could not read ${picture}: ${fileReason(error) ?? String(error)}`, { cause: error })
  }
}

/** Decodes one after the other, which is slow, to say which one is to blame. */
async function firstFault(
  pictures: readonly string[],
  codec: 'png' | 'mjpeg',
  decoding: Decoding,
  signal: AbortSignal | undefined,
): Promise<UserError | undefined> {
  for (const picture of pictures) {
    try {
      let bytes = 0
      const alone = { name: picture, codec, pictures: [readPicture(picture)] } as const
      for await (const piece of decodeVideo(alone, decoding, signal)) bytes += piece.length
      if (bytes !== decoding.size ** 2 * 3)
        return new UserError(
          `${picture} cannot be decoded: it is no ${codec === 'png' ? 'PNG' : 'JPEG'} picture: replace or remove it`,
        )
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
  }
  return undefined
}
