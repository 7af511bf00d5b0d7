import { readdirSync } from 'node:fs'
import path from 'node:path'
import { counted } from '../../counted.js'
import { UserError } from '../../errors.js'
import { isFolder } from '../../files/make-folder.js'
import { WireError } from '../../protobuf/wire.js'
import { byName } from '../by-name.js'
import { decodeVideo } from '../decode-video.js'
import { interleave } from '../tfrecord/interleave.js'
import { bytesFeature, featureNames } from '../tfrecord/read-example.js'
import { listRecords, readRecord, type RecordPlace } from '../tfrecord/read-records.js'
import type { PublishedVideo, PublishedVideos } from './published-videos.js'

/** `<name>-<split>.tfrecord-00000-of-00032`, or of a single file `<name>-<split>.tfrecord`. */
const RECORD_NAME = /^[^.].*-(train|test)\.tfrecord(-\d+-of-(\d+))?$/s

/** The feature that holds the frames, each a PNG or JPEG: `tfds.features.Video`. */
const FEATURE = 'video'

/**
 * The videos of a data set of TensorFlow Datasets, from its TFRecord files, in the order in which `tfds.load`
 * without shuffling gives them. The files lie in the folder, or one or two further down (`<name>/<version>/`).
 * @returns undefined if there are none
 * @throws UserError if files are missing or damaged.
 */
export function recordFiles(folder: string): PublishedVideos | undefined {
  const place = findFolder(folder, 2)
  if (place === undefined) return undefined
  const videos = (split: string) => interleave(filesOf(place, split).map(listRecords)).map(videoOf)
  return { train: videos('train'), test: videos('test'), form: 'TFRecord files' }
}

function findFolder(folder: string, depth: number): string | undefined {
  const names = readdirSync(folder).sort(byName)
  if (names.some((name) => RECORD_NAME.test(name))) return folder
  if (depth === 0) return undefined
  for (const name of names) {
    const inside = path.join(folder, name)
    const found = !name.startsWith('.') && isFolder(inside) ? findFolder(inside, depth - 1) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function filesOf(folder: string, split: string): string[] {
  const matches = readdirSync(folder).flatMap((name) => {
    const match = RECORD_NAME.exec(name)
    return match?.[1] === split ? [{ name, count: match[3] }] : []
  })
  const count = matches[0]?.count
  if (count !== undefined && matches.length !== Number(count))
    throw new UserError(
      `${folder} holds ${matches.length} ${split} files of ${Number(count)}: fetch the others`,
    )
  return matches.map(({ name }) => path.join(folder, name)).sort(byName)
}

function videoOf(place: RecordPlace): PublishedVideo {
  const name = `${place.file} record ${place.number}`
  return {
    name,
    async *frames(size, program, signal) {
      const pictures = picturesOf(place, name)
      const codec = isPng(pictures[0]) ? 'png' : 'mjpeg'
      let bytes = 0
      for await (const piece of decodeVideo({ name, codec, pictures }, { size, program }, signal)) {
        bytes += piece.length
        yield piece
      }
      const frames = bytes / (size * size * 3)
      if (frames !== pictures.length)
        throw new UserError(
          `${name} holds ${counted(pictures.length, 'picture')}, of which ${frames} could be decoded`,
        )
    },
  }
}

function picturesOf(place: RecordPlace, name: string): readonly Uint8Array[] {
  try {
    const record = readRecord(place)
    const pictures = bytesFeature(record, FEATURE)
    if (!pictures)
      throw new WireError(
        `it has no feature ${FEATURE}, but ${featureNames(record).slice(0, 6).join(', ') || 'none'}`,
      )
    if (pictures.length === 0) throw new WireError(`its feature ${FEATURE} is empty`)
    if (!pictures.every((picture) => isPng(picture) || isJpeg(picture)))
      throw new WireError(`its feature ${FEATURE} holds something else than PNG or JPEG pictures`)
    return pictures
  } catch (error) {
    if (error instanceof WireError) throw new UserError(`${name}: ${error.message}`, { cause: error })
    throw error
  }
}

const isPng = (picture: Uint8Array | undefined) => picture?.[0] === 0x89 && picture[1] === 0x50
const isJpeg = (picture: Uint8Array) => picture[0] === 0xff && picture[1] === 0xd8
