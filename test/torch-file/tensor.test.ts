import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { readTorchFile, tensor, TorchTensor, tuple, writeTorchFile } from '../../src/torch-file/index.js'
import { MemoryStorage } from '../../src/torch-file/storage.js'
import { temporaryFolder } from './handmade.js'

/** Bytes asked of the file system. */
let bytesRead = 0
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const readSync = (fd: number, target: Uint8Array, offset: number, length: number, position: number) => {
    bytesRead += length
    return real.readSync(fd, target, offset, length, position)
  }
  return { ...real, readSync }
})
beforeEach(() => {
  bytesRead = 0
})

const folder = temporaryFolder()
const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i)

describe('a long video', () => {
  const [frames, frame] = [1000, 128 * 128 * 3]
  const file = path.join(folder, 'video.pt')
  const pixel = (t: number, i: number) => (t * 7 + i * 13) % 251
  const pixels = new Uint8Array(frames * frame)
  for (let t = 0; t < frames; t++) for (let i = 0; i < frame; i++) pixels[t * frame + i] = pixel(t, i)
  writeTorchFile(file, tensor('uint8', [frames, 128, 128, 3], pixels))
  const open = () => readTorchFile(file) as TorchTensor

  test('is opened without reading it', () => {
    expect(open().shape).toEqual([frames, 128, 128, 3])
    expect(bytesRead).toBeLessThan(200_000)
  })

  test('20 frames cost 20 frames', () => {
    const video = open()
    bytesRead = 0
    const rows = video.rows(500, 520)
    expect(rows.length).toBe(20 * frame)
    expect([rows[0], rows[frame], rows[20 * frame - 1]]).toEqual([
      pixel(500, 0),
      pixel(501, 0),
      pixel(519, frame - 1),
    ])
    expect(bytesRead).toBeLessThan(20 * frame + 1000)
  })

  test('scattered frames cost themselves, in the order asked for', () => {
    const video = open()
    bytesRead = 0
    const indices = [999, 3, 4, 5, 0, 3, 998, 999]
    const rows = video.gatherRows(indices)
    indices.forEach((t, i) => {
      const truth = pixels.subarray(t * frame, (t + 1) * frame)
      expect(Buffer.compare(rows.subarray(i * frame, (i + 1) * frame) as Uint8Array, truth)).toBe(0)
    })
    expect(bytesRead).toBeLessThan(indices.length * frame + 1000)
  })

  test('rows of a copy of every second frame are still read one by one', () => {
    const video = open()
    const second = new TorchTensor(video.storage, 'uint8', [500, 128, 128, 3], [2 * frame, 384, 3, 1])
    bytesRead = 0
    expect(second.gatherRows([7, 100])).toEqual(video.gatherRows([14, 200]))
    expect(bytesRead).toBeLessThan(4 * frame + 1000)
  })

  test('frames that are not there are refused', () => {
    for (const bad of [-1, 1000, 0.5, NaN]) expect(() => open().gatherRows([0, bad])).toThrow(RangeError)
    expect(() => open().rows(990, 1001)).toThrow(/rows 990 to 1001 of a tensor with 1000 rows/)
  })

  test('a file that was replaced is noticed', () => {
    const copy = path.join(folder, 'replaced.pt')
    writeTorchFile(copy, tensor('uint8', [4], [1, 2, 3, 4]))
    const old = readTorchFile(copy) as TorchTensor
    writeTorchFile(copy, tensor('uint8', [4], [5, 6, 7, 8]))
    expect(() => old.data()).toThrow(/replaced\.pt: the file was changed/)
  })

  test('a file that is read at once is what it was', () => {
    const copy = path.join(folder, 'at-once.pt')
    writeTorchFile(copy, tensor('uint8', [4], [1, 2, 3, 4]))
    const old = readTorchFile(copy, { atOnce: true }) as TorchTensor
    writeTorchFile(copy, tensor('uint8', [2, 2], [5, 6, 7, 8]))
    expect(Array.from(old.numbers())).toEqual([1, 2, 3, 4])
  })

  test('a large file is not read at once', () => {
    const large = path.join(folder, 'large.pt')
    writeTorchFile(large, tensor('uint8', [2 ** 24], new Uint8Array(2 ** 24)))
    bytesRead = 0
    readTorchFile(large, { atOnce: true })
    expect(bytesRead).toBeLessThan(2 ** 20)
  })
})

describe('views', () => {
  const storage = new MemoryStorage(count(24))
  const view = (shape: number[], stride: number[], offset = 0) =>
    new TorchTensor(storage, 'float32', shape, stride, offset)
  const numbers = (t: TorchTensor) => Array.from(t.numbers())

  test('transposed, sliced, repeated and empty ones are in C order of the view', () => {
    expect(numbers(view([3, 2], [1, 3]))).toEqual([0, 3, 1, 4, 2, 5])
    expect(numbers(view([2, 2, 2], [12, 2, 4], 1))).toEqual([1, 5, 3, 7, 13, 17, 15, 19])
    expect(numbers(view([2, 3], [0, 1], 4))).toEqual([4, 5, 6, 4, 5, 6])
    expect(numbers(view([], [], 23))).toEqual([23])
    expect(numbers(view([3, 0, 2], [1, 1, 1]))).toEqual([])
    expect(numbers(view([1, 2], [1000, 1], 3))).toEqual([3, 4])
  })

  test('rows of a transposed one', () => {
    const transposed = view([6, 4], [1, 6])
    expect(Array.from(transposed.rows(2, 4) as Float32Array)).toEqual([2, 8, 14, 20, 3, 9, 15, 21])
    expect(Array.from(transposed.gatherRows([5, 0]) as Float32Array)).toEqual([5, 11, 17, 23, 0, 6, 12, 18])
    expect(Array.from(transposed.rows(6, 6) as Float32Array)).toEqual([])
  })

  test.each<[string, number[], number[], number, RegExp]>([
    ['too long', [25], [1], 0, /needs 25 elements of a storage of 24/],
    ['too far', [4], [1], 21, /needs 25 elements of a storage of 24/],
    ['too wide', [2], [24], 0, /needs 25 elements/],
    ['negative stride', [2], [-1], 5, /-1 is not a whole number/],
    ['negative size', [-2], [1], 0, /-2 is not a whole number/],
    ['negative offset', [1], [1], -1, /-1 is not a whole number/],
    ['a fraction', [1.5], [1], 0, /1\.5 is not a whole number/],
    ['huge', [2 ** 40, 2 ** 40], [0, 0], 0, /a tensor of shape \[1099511627776, 1099511627776\]/],
    ['a stride missing', [2, 2], [1], 0, /has 1 strides, 2 were expected/],
    ['too many dimensions', Array<number>(65).fill(1), Array<number>(65).fill(1), 0, /65 dimensions/],
  ])('outside the storage: %s', (_, shape, stride, offset, message) => {
    expect(() => view(shape, stride, offset)).toThrow(message)
  })

  test('a repetition without bounds is refused before memory is taken', () => {
    expect(() => view([2 ** 30], [0]).data()).toThrow(/repeats the 24 elements of its storage/)
  })
})

describe('elements', () => {
  test('each type has its JavaScript form, in memory and in a file', () => {
    const values = {
      float32: tensor('float32', [2], [0.5, -1]),
      float64: tensor('float64', [2], [0.1, -1e300]),
      float16: tensor('float16', [2], [0.5, 65504]),
      bfloat16: tensor('bfloat16', [2], [0.5, -2]),
      int64: tensor('int64', [2], BigInt64Array.of(-5n, 2n ** 62n)),
      int32: tensor('int32', [2], [-5, 2 ** 31 - 1]),
      int16: tensor('int16', [2], [-5, 32767]),
      int8: tensor('int8', [2], [-5, 127]),
      uint8: tensor('uint8', [2], [5, 255]),
      bool: tensor('bool', [2], [0, 7]),
      uint16: tensor('uint16', [2], [5, 65535]),
      uint32: tensor('uint32', [2], [5, 2 ** 32 - 1]),
      uint64: tensor('uint64', [2], BigUint64Array.of(5n, 2n ** 63n)),
    }
    const expected = {
      float32: Float32Array.of(0.5, -1),
      float64: Float64Array.of(0.1, -1e300),
      float16: Float32Array.of(0.5, 65504),
      bfloat16: Float32Array.of(0.5, -2),
      int64: BigInt64Array.of(-5n, 2n ** 62n),
      int32: Int32Array.of(-5, 2 ** 31 - 1),
      int16: Int16Array.of(-5, 32767),
      int8: Int8Array.of(-5, 127),
      uint8: Uint8Array.of(5, 255),
      bool: Uint8Array.of(0, 1),
      uint16: Uint16Array.of(5, 65535),
      uint32: Uint32Array.of(5, 2 ** 32 - 1),
      uint64: BigUint64Array.of(5n, 2n ** 63n),
    }
    const file = path.join(folder, 'types.pt')
    writeTorchFile(file, values)
    const read = readTorchFile(file) as unknown as Record<string, TorchTensor>
    for (const [name, data] of Object.entries(expected)) {
      expect([name, values[name as keyof typeof values].data()]).toEqual([name, data])
      expect([name, read[name]?.dtype, read[name]?.data()]).toEqual([name, name, data])
    }
  })

  test('64-bit integers become numbers only where that is exact', () => {
    expect(Array.from(tensor('int64', [2], [-3, 2 ** 53 - 1]).numbers())).toEqual([-3, 2 ** 53 - 1])
    expect(() => tensor('int64', [1], BigInt64Array.of(2n ** 53n)).numbers()).toThrow(
      /9007199254740992 does not fit a number/,
    )
  })

  test('data of the very type is not copied', () => {
    const data = count(3)
    const t = tensor('float32', [3], data)
    data[0] = 42
    expect(Array.from(t.toFloat32())).toEqual([42, 1, 2])
  })

  test('a wrong number of values is refused', () => {
    expect(() => tensor('float32', [2, 2], [1, 2, 3])).toThrow(/takes 4 values for the shape \[2, 2\], not 3/)
  })

  test('a complex tensor says so when it is read, not before', () => {
    const t = new TorchTensor(new MemoryStorage(count(4)), 'complex64', [2])
    expect(t.shape).toEqual([2])
    expect(() => t.data()).toThrow(/complex64 cannot be read/)
  })
})

test('tensors that share a storage share it in the file', () => {
  const file = path.join(folder, 'shared.pt')
  const whole = tensor('float32', [100, 100], count(10000))
  writeTorchFile(file, [whole, whole.narrow(10, 20), tuple([whole, whole.narrow(99, 100)])])
  expect(fs.statSync(file).size).toBeLessThan(42_000)
  const [a, b, c] = readTorchFile(file) as [TorchTensor, TorchTensor, TorchTensor[]]
  expect(b.storage).toBe(a.storage)
  expect(Array.from(b.numbers().slice(0, 2))).toEqual([1000, 1001])
  expect(c[1]?.numbers()[99]).toBe(9999)
})

describe('integers that a type cannot hold', () => {
  test.each([
    ['uint8', [7, 300], 'integers from 0 to 255, not 300 (value 1)'],
    ['uint8', [-1], 'integers from 0 to 255, not -1 (value 0)'],
    ['int8', [-128, 127, 128], 'integers from -128 to 127, not 128 (value 2)'],
    ['int32', [1.5], 'not 1.5 (value 0)'],
    ['int16', [NaN], 'not NaN (value 0)'],
    ['uint32', [2 ** 32], 'integers from 0 to 4294967295, not 4294967296'],
    ['int64', [0.5], 'not 0.5'],
    ['int64', [2 ** 63], 'not 9223372036854776000'],
    ['int64', BigUint64Array.of(2n ** 63n), 'not 9223372036854775808'],
    ['uint64', BigInt64Array.of(-1n), 'integers from 0 to 18446744073709551615, not -1'],
    ['uint8', Int32Array.of(256), 'not 256'],
  ] as const)('are refused, not made others: %s of %s', (dtype, values, message) => {
    const make = () => tensor(dtype, [values.length], values)
    expect(make).toThrow(UserError)
    expect(make).toThrow(message)
  })

  test('those that it can are kept, whatever they come in', () => {
    expect(tensor('uint8', [3], [0, 255, 7]).data()).toEqual(Uint8Array.of(0, 255, 7))
    expect(tensor('int8', [2], BigInt64Array.of(-128n, 127n)).data()).toEqual(Int8Array.of(-128, 127))
    expect(tensor('int64', [2], [-(2 ** 63), 5]).data()).toEqual(BigInt64Array.of(-(2n ** 63n), 5n))
    expect(tensor('uint64', [1], BigUint64Array.of(2n ** 64n - 1n)).data()).toEqual(BigUint64Array.of(2n ** 64n - 1n)) // prettier-ignore
    expect(tensor('bool', [2], [0, 3]).data()).toEqual(Uint8Array.of(0, 1))
  })
})
