import ffmpeg from 'fluent-ffmpeg'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deflateRawSync, crc32 } from 'node:zlib'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { convertDataset } from '../../src/data/convert/convert-dataset.js'
import { readNpy } from '../../src/data/npy.js'
import { interleave } from '../../src/data/tfrecord/interleave.js'
import { listRecords, readRecord } from '../../src/data/tfrecord/read-records.js'
import { UserError } from '../../src/errors.js'
import { findFfmpeg } from '../../src/setup/ffmpeg.js'
import { maskedCrc32c } from '../../src/tensorflow-checkpoint/crc32c.js'
import { temporaryFolders } from './temporary.js'

const newFolder = temporaryFolders()
const SIZE = 8

/** A TFRecord file, by hand. */
function recordFile(records: readonly Uint8Array[]): Buffer {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  return Buffer.concat(
    records.flatMap((record) => {
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(record.length))
      return [length, word(maskedCrc32c(length)), record, word(maskedCrc32c(record))]
    }),
  )
}

/** A field of a protocol-buffer message: its number, length and bytes. */
function field(number: number, bytes: Uint8Array): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes])
}

const feature = (name: string, list: Buffer) =>
  field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, list)]))
const bytesList = (values: readonly Uint8Array[]) =>
  field(1, Buffer.concat(values.map((value) => field(1, value))))
const floatList = field(2, field(1, Buffer.from(new Float32Array([1, 2]).buffer)))

/** As TensorFlow Datasets writes a video: one PNG a frame; and something else beside it. */
const example = (frames: readonly Uint8Array[], name = 'video') =>
  field(1, Buffer.concat([feature('actions', floatList), feature(name, bytesList(frames))]))

function picture(level: number, size = SIZE): Uint8Array {
  const png = new PNG({ width: size, height: size })
  for (let i = 0; i < png.data.length; i++) png.data[i] = i % 4 === 3 ? 255 : (level + i) % 256
  return PNG.sync.write(png)
}

const video = (salt: number, frames = 5) =>
  example(Array.from({ length: frames }, (_, t) => picture(20 * salt + t)))

function recordFolder(): string {
  const folder = newFolder()
  const place = path.join(folder, 'minerl_navigate', '1.0.0')
  mkdirSync(place, { recursive: true })
  const write = (name: string, salts: readonly number[]) =>
    writeFileSync(path.join(place, name), recordFile(salts.map((salt) => video(salt))))
  write('minerl_navigate-train.tfrecord-00000-of-00002', [0, 1])
  write('minerl_navigate-train.tfrecord-00001-of-00002', [2])
  write('minerl_navigate-test.tfrecord-00000-of-00001', [3])
  writeFileSync(path.join(place, 'features.json'), '{}')
  return folder
}

const program = findFfmpeg()
const convert = (source: string, target: string, options = {}) =>
  convertDataset({ source, target, imageSize: SIZE, ffmpeg: () => program, ...options })

describe('TFRecord files', () => {
  test('are listed by their lengths and read by record', () => {
    const file = path.join(newFolder(), 'a')
    writeFileSync(file, recordFile([Buffer.from('one'), Buffer.alloc(0), Buffer.from('three')]))
    expect(listRecords(file).map((place) => Buffer.from(readRecord(place)).toString())).toEqual([
      'one',
      '',
      'three',
    ])
    // Bytes that TensorFlow writes for an empty record: the mask of the checksum included.
    expect(recordFile([Buffer.alloc(0)]).toString('hex')).toBe('000000000000000029039807d8ea82a2')
  })

  test.each([
    [
      'cut off within a record',
      (bytes: Buffer) => bytes.subarray(0, -1),
      /record 1 .*: it has 5 bytes, and the file ends/,
    ],
    [
      'cut off within a length',
      (bytes: Buffer) => bytes.subarray(0, 24),
      /record 1 .*the file ends within it/,
    ],
    [
      'with another length',
      (bytes: Buffer) => bytes.fill(9, 0, 1),
      /record 0 .*the checksum of its length is wrong/,
    ],
    ['with another byte', (bytes: Buffer) => bytes.fill(9, 13, 14), /record 0: its checksum is wrong/],
    ['of something else', () => Buffer.from('PK and a lot of other things'), /no TFRecord file/],
  ])('%s are errors', (_, damage, message) => {
    const file = path.join(newFolder(), 'a')
    writeFileSync(file, damage(recordFile([Buffer.from('one'), Buffer.from('three')])))
    expect(() => listRecords(file).map(readRecord)).toThrow(UserError)
    expect(() => listRecords(file).map(readRecord)).toThrow(message)
  })

  test('a length that no file has is refused by its size alone', () => {
    const header = Buffer.alloc(20, 0xff)
    header.writeUInt32LE(maskedCrc32c(header.subarray(0, 8)), 8)
    const file = path.join(newFolder(), 'a')
    writeFileSync(file, header)
    expect(() => listRecords(file)).toThrow(/the limit is/)
  })
})

test('several files are read as TensorFlow Datasets does', () => {
  const files = (lengths: readonly number[]) =>
    lengths.map((length, i) => Array.from({ length }, (_, j) => `${i}.${j}`))
  expect(interleave(files([1, 2]))).toEqual(['0.0', '1.0', '1.1'])
  // What tf.data.Dataset.range(4).interleave(.., cycle_length=2, block_length=2) gives for these lengths.
  expect(interleave(files([3, 5, 1, 2]), 2, 2)).toEqual([
    '0.0',
    '0.1',
    '1.0',
    '1.1',
    '0.2',
    '1.2',
    '1.3',
    '2.0',
    '1.4',
    '3.0',
    '3.1',
  ])
  const many = interleave(files(Array.from({ length: 20 }, () => 30)))
  expect(new Set(many).size).toBe(600)
  expect([many[16], many[255], many[256], many.at(-1)]).toEqual(['1.0', '15.15', '0.16', '19.29'])
  expect(interleave([])).toEqual([])
})

describe.skipIf(!program)('converting (skipped where there is no ffmpeg)', () => {
  test('TFRecord files gives their pictures exactly, in their order', async () => {
    const target = newFolder()
    const seen: unknown[] = []
    const source = recordFolder()
    const onProgress = (done: number, total: number) => seen.push([done, total])
    expect(await convert(source, target, { onProgress })).toEqual({
      form: 'TFRecord files',
      train: 3,
      test: 1,
      kept: 0,
    })
    expect(seen).toEqual([0, 1, 2, 3, 4].map((done) => [done, 4]))
    for (const [file, salt] of [
      ['train/0', 0],
      ['train/1', 1],
      ['train/2', 2],
      ['test/0', 3],
    ] as const) {
      const { dtype, shape, data } = readNpy(path.join(target, `${file}.npy`))
      expect([dtype, shape]).toEqual(['uint8', [5, SIZE, SIZE, 3]])
      const frame = PNG.sync.read(Buffer.from(picture(20 * salt + 4))).data
      expect(Buffer.from(data.subarray(4 * 192) as Uint8Array)).toEqual(frame.filter((_, i) => i % 4 !== 3))
    }
    // Again: what is there is kept, what is missing is made.
    const made = statSync(path.join(target, 'train/0.npy')).mtimeMs
    rmSync(path.join(target, 'train/1.npy'))
    expect(await convert(source, target)).toMatchObject({ kept: 3 })
    expect(statSync(path.join(target, 'train/0.npy')).mtimeMs).toBe(made)
    expect(readdirSync(path.join(target, 'train'))).toEqual(['0.npy', '1.npy', '2.npy'])
  })

  test.each([
    [
      'without the feature',
      example([picture(1)], 'other'),
      /record 0: it has no feature video, but actions, other/,
    ],
    ['without pictures', example([]), /its feature video is empty/],
    ['of other things', example([Buffer.from('hello')]), /something else than PNG or JPEG/],
    ['that are no Example', Buffer.from([0xff, 0xff]), /record 0: /],
    ['with numbers for it', field(1, feature('video', floatList)), /the feature video is not of bytes/],
    ['with a damaged picture', example([picture(1), picture(2).subarray(0, 70)]), /record 0/],
  ])('records %s are errors that name them, and leave no file', async (_, record, message) => {
    const [source, target] = [newFolder(), newFolder()]
    writeFileSync(path.join(source, 'a-train.tfrecord'), recordFile([record]))
    await expect(convert(source, target)).rejects.toThrow(UserError)
    await expect(convert(source, target)).rejects.toThrow(message)
    expect(existsSync(path.join(target, 'train', '0.npy'))).toBe(false)
  })

  test('a missing file of several is noticed', async () => {
    const source = recordFolder()
    rmSync(path.join(source, 'minerl_navigate/1.0.0/minerl_navigate-train.tfrecord-00001-of-00002'))
    await expect(convert(source, newFolder())).rejects.toThrow(/holds 1 train files of 2/)
  })

  test('films in folders and in an archive gives the same, by number', async () => {
    const [source, a, b] = [newFolder(), newFolder(), newFolder()]
    for (const name of ['gqn_mazes/train/10.mp4', 'gqn_mazes/train/9.mp4', 'gqn_mazes/test/0.mp4'])
      await film(path.join(source, name), Number(/(\d+)\.mp4/.exec(name)?.[1]))
    writeFileSync(path.join(source, 'readme.txt'), 'films')
    expect(await convert(source, a)).toEqual({ form: 'folders of films', train: 2, test: 1, kept: 0 })
    expect(meanOf(path.join(a, 'train/0.npy'))).toBeLessThan(meanOf(path.join(a, 'train/1.npy')))
    const archive = path.join(newFolder(), 'mazes.zip')
    const names = ['gqn_mazes/test/0.mp4', 'gqn_mazes/train/10.mp4', 'gqn_mazes/train/9.mp4']
    writeFileSync(archive, zip(names.map((name) => [name, readFileSync(path.join(source, name))] as const)))
    expect(await convert(archive, b)).toEqual({ form: 'an archive of films', train: 2, test: 1, kept: 0 })
    for (const name of ['train/0.npy', 'train/1.npy', 'test/0.npy'])
      expect(readFileSync(path.join(b, name))).toEqual(readFileSync(path.join(a, name)))
    // A folder made of something else is left alone.
    await expect(convert(recordFolder(), a)).rejects.toThrow(/was made of other videos/)
  })

  async function film(file: string, level: number): Promise<void> {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(`${file}.raw`, new Uint8Array(5 * 16 * 16 * 3).fill(10 * level))
    await new Promise((resolve, reject) => {
      ffmpeg(`${file}.raw`)
        .setFfmpegPath(program ?? '')
        .inputOptions('-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '16x16', '-r', '10')
        .outputOptions('-c:v', 'mpeg4', '-bf', '0')
        .on('end', resolve)
        .on('error', reject)
        .save(file)
    })
    rmSync(`${file}.raw`)
  }
})

function meanOf(file: string): number {
  const { data } = readNpy(file)
  return (data as Uint8Array).reduce((sum, value) => sum + value, 0) / data.length
}

test('what is no data set, and a folder of other videos, are errors', async () => {
  const folder = newFolder()
  await expect(convert(path.join(folder, 'none'), newFolder())).rejects.toThrow(/does not exist/)
  await expect(convert(folder, newFolder())).rejects.toThrow(/holds no videos in a published form/)
  const file = path.join(folder, 'a.zip')
  writeFileSync(file, 'no archive')
  await expect(convert(file, newFolder())).rejects.toThrow(/could not unpack/)
})

/** A zip archive by hand: entries, then the directory. */
function zip(entries: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, content] of entries) {
    const packed = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(at, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, place, Buffer.from(name)]))
    parts.push(local)
    at += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, list, end])
}
