import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { orderedDict, readTorchFile, tensor, tuple, writeTorchFile } from '../../src/torch-file/index.js'
import { uniform } from '../helpers/golden.js'
import { OP } from '../../src/torch-file/pickle/opcodes.js'
import { HandPickle, temporaryFolder, tensorsIn, writeLegacy, writeZip } from './handmade.js'

const folder = temporaryFolder()
const file = path.join(folder, 'hostile.pt')
const floats = new Uint8Array(Float32Array.from({ length: 24 }, (_, i) => i).buffer)

/** Reads everything in a file. */
function readAll(): void {
  for (const found of tensorsIn(readTorchFile(file))) found.data()
}

/** The error that reading the file ends in: one line for the user that begins with the file's name. */
function failure(): string {
  try {
    readAll()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.message).toContain('hostile.pt')
    expect(error.message).not.toMatch(/\p{Cc}/u)
    expect(error.message.length).toBeLessThan(600)
    return error.message
  }
  throw new Error('nothing was wrong with the file')
}

const pickled = (build: (pickle: HandPickle) => HandPickle) => build(new HandPickle()).stop()
const zip = (pickle: Uint8Array, records: Record<string, Uint8Array> = { 'data/0': floats }) =>
  writeZip(file, { 'data.pkl': pickle, ...records, version: Buffer.from('3\n') })

function checkpoint(): { zip: Buffer; legacy: Buffer } {
  writeTorchFile(file, {
    state_dict: orderedDict([
      ['a', tensor('float32', [3, 4], new Float32Array(12).fill(0.5))],
      ['b', tensor('int64', [2], [1, 2])],
    ]),
    config: { lr: 1e-4, text: 'naïve', betas: tuple([0.9, 0.999]), list: [1, null, true] },
    step: 7,
  })
  const whole = readFileSync(file)
  writeLegacy(
    file,
    pickled((p) => p.op('EMPTY_DICT').text('t').tensor(24, [4, 6], [6, 1]).op('SETITEM')),
    { '0': [24, floats] },
  )
  return { zip: whole, legacy: readFileSync(file) }
}

/** Where the content of a record begins. */
function contentOf(zipFile: Buffer, name: string): number {
  const nameAt = zipFile.indexOf(`archive/${name}`)
  return nameAt + zipFile.readUInt16LE(nameAt - 4) + zipFile.readUInt16LE(nameAt - 2)
}

describe('damaged files', () => {
  const intact = checkpoint()

  test.each(['zip', 'legacy'] as const)('%s: cut off anywhere, it is an error', (format) => {
    const bytes = intact[format]
    const step = Math.max(1, Math.floor(bytes.length / 200))
    writeFileSync(file, bytes)
    readAll()
    for (let length = 0; length < bytes.length; length += step) {
      writeFileSync(file, bytes.subarray(0, length))
      failure()
    }
  })

  test.each(['zip', 'legacy'] as const)(
    '%s: with wrong bytes anywhere, it reads or is an error',
    (format) => {
      const random = uniform(`damage ${format}`, 2400)
      let errors = 0
      for (let i = 0; i < random.length; i += 4) {
        const bytes = Buffer.from(intact[format])
        for (let k = 0; k < (i % 8 ? 1 : 2); k++)
          bytes[Math.floor((random[i + k] ?? 0) * bytes.length)] = Math.floor((random[i + 2 + k] ?? 0) * 256)
        writeFileSync(file, bytes)
        try {
          readAll()
        } catch (error) {
          if (!(error instanceof UserError)) throw error
          errors++
        }
      }
      expect(errors).toBeGreaterThan(50)
    },
  )

  test.each(['data.pkl', 'data/0', 'data/1'])('one wrong bit anywhere in %s is an error', (name) => {
    const start = contentOf(intact.zip, name)
    const length = name === 'data.pkl' ? intact.zip.indexOf('PK\x07\x08', start, 'latin1') - start : 16
    for (let i = 0; i < length; i++) {
      const bytes = Buffer.from(intact.zip)
      bytes.writeUInt8(bytes.readUInt8(start + i) ^ (1 << (i % 8)), start + i)
      writeFileSync(file, bytes)
      expect(failure()).toMatch(new RegExp(`hostile\\.pt: "archive/${name}": the file is damaged`))
    }
  })

  test('rows are read without the rest, and a file without checksums as it is', () => {
    const bytes = Buffer.from(intact.zip)
    const last = contentOf(bytes, 'data/0') + 47
    bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last)
    writeFileSync(file, bytes)
    const [a] = tensorsIn(readTorchFile(file))
    expect(a?.rows(0, 2)).toEqual(new Float32Array(8).fill(0.5))
    expect(() => a?.gatherRows([0, 1, 2])).toThrow(/"archive\/data\/0": the file is damaged/)
    for (let at = 0; (at = bytes.indexOf('PK\x01\x02', at, 'latin1')) > 0; at += 4)
      bytes.writeUInt32LE(0, at + 16)
    writeFileSync(file, bytes)
    readAll()
  })

  test('no file, an empty file, a folder, a text, a circle of links', () => {
    expect(() => readTorchFile(path.join(folder, 'none.pt'))).toThrow(/none\.pt: it does not exist/)
    writeFileSync(file, '')
    expect(failure()).toMatch(/this file is empty/)
    writeFileSync(file, 'hello')
    expect(failure()).toMatch(/begins with 68656c6c/)
    mkdirSync(path.join(folder, 'folder.pt'))
    expect(() => readTorchFile(path.join(folder, 'folder.pt'))).toThrow(/not a plain file/)
    symlinkSync(path.join(folder, 'loop.pt'), path.join(folder, 'loop.pt'))
    expect(() => readTorchFile(path.join(folder, 'loop.pt'))).toThrow(/lead round in a circle/)
  })

  test('other zip files', () => {
    writeZip(file, { 'readme.txt': Buffer.from('hello') })
    expect(failure()).toMatch(/no "archive\/data\.pkl"/)
    const bytes = Buffer.from(intact.zip)
    const directory = bytes.indexOf(Buffer.from('PK\x01\x02'))
    bytes.writeUInt16LE(8, directory + 10)
    writeFileSync(file, bytes)
    expect(failure()).toMatch(/"archive\/data\.pkl" is compressed \(method 8\)/)
    bytes.writeUInt16LE(0x0801, directory + 8)
    writeFileSync(file, bytes)
    expect(failure()).toMatch(/"archive\/data\.pkl" is encrypted/)
    writeZip(file, { 'data.pkl': pickled((p) => p.op('NONE')), byteorder: Buffer.from('big') })
    expect(failure()).toMatch(/byte order is "big"/)
  })

  test('a directory that promises more than there is', () => {
    const bytes = Buffer.from(intact.zip)
    bytes.writeUInt16LE(60000, bytes.length - 12)
    writeFileSync(file, bytes)
    expect(failure()).toMatch(/ends after \d+ of 60000 records/)
    const second = Buffer.from(intact.zip)
    second.writeUInt32LE(0x7fffffff, second.indexOf(Buffer.from('PK\x01\x02')) + 42)
    writeFileSync(file, second)
    expect(failure()).toMatch(/"archive\/data\.pkl" has \d+ bytes at byte 2147483647/)
    const third = Buffer.from(intact.zip)
    third.writeUInt32LE(7, third.indexOf(Buffer.from('PK\x01\x02')) + 24)
    writeFileSync(file, third)
    expect(failure()).toMatch(/"archive\/data\.pkl" has two sizes, 7 and \d+/)
  })
})

describe('storages', () => {
  test.each<[string, (p: HandPickle) => HandPickle, RegExp]>([
    [
      'too small',
      (p) => p.tensor(24, [25], [1]),
      /"archive\/data\/0": a tensor of shape \[25\].*storage of 24/,
    ],
    ['huge shape', (p) => p.tensor(24, [2 ** 31, 2 ** 31], [1, 1]), /a tensor of shape/],
    ['negative stride', (p) => p.tensor(24, [2], [-1], 5), /-1 is not a whole number/],
    ['negative offset', (p) => p.tensor(24, [2], [1], -1), /-1 is not a whole number/],
    ['larger than its record', (p) => p.tensor(25, [2], [1]), /it has 96 bytes, its tensors need 100/],
    [
      'larger than the file',
      (p) => p.tensor(2 ** 40, [2], [1]),
      /is to have 4398046511104 bytes, the whole file/,
    ],
    ['of a negative size', (p) => p.tensor(-1, [0], [1]), /has -1 elements/],
    [
      'missing',
      (p) => p.tensor(24, [2], [1], 0, '../../x'),
      /"archive\/data\/\.\.\/\.\.\/x": the file does not/,
    ],
    [
      'of two sizes',
      (p) => p.tensor(24, [1], [1]).op('POP').tensor(23, [1], [1]),
      /92 bytes in one place and 96/,
    ],
    ['no id', (p) => p.op('NONE').op('BINPERSID'), /a storage without class or name/],
    ['bare', (p) => p.storage('0', 24), /a "PyStorage" where a value/],
    ['of an odd kind', (p) => p.storage('0', 24, 'QUInt4x2Storage'), /"torch\.QUInt4x2Storage"/],
    [
      'a module',
      (p) => p.tuple(() => p.text('module')).op('BINPERSID'),
      /a whole pickled module; save its state_dict/,
    ],
  ])('%s', (_, build, message) => {
    zip(pickled(build))
    expect(failure()).toMatch(message)
  })

  test('a record that is longer than its storage is no fault', () => {
    zip(pickled((p) => p.tensor(20, [20], [1])))
    readAll()
  })

  test('legacy: missing, of another size, unexpected, cut off', () => {
    const pickle = pickled((p) => p.tensor(24, [4, 6], [6, 1]))
    writeLegacy(file, pickle, {})
    expect(failure()).toMatch(/"storage 0": the file does not hold this storage/)
    writeLegacy(file, pickle, { '0': [23, floats] })
    expect(failure()).toMatch(/it has 92 bytes, 96 were expected/)
    writeLegacy(file, pickle, { '1': [24, floats] })
    expect(failure()).toMatch(/storage "1" was not expected/)
    writeLegacy(file, pickle, { '0': [24, floats.subarray(0, 95)] })
    expect(failure()).toMatch(/it ends at byte \d+, the file has \d+; it is truncated/)
    writeLegacy(file, pickle, { '0': [2 ** 60, floats] })
    expect(failure()).toMatch(/96 were expected/)
    writeFileSync(
      file,
      pickled((p) => p.int(3)),
    )
    expect(failure()).toMatch(/this is another pickle/)
    const bytes = readFileSync(writeLegacy(file, pickle, { '0': [24, floats] }))
    const mark = bytes.indexOf('little_endian') + 'little_endian'.length
    expect(bytes[mark]).toBe(OP.NEWTRUE)
    bytes[mark] = OP.NEWFALSE
    writeFileSync(file, bytes)
    expect(failure()).toMatch(/written by a big-endian machine/)
  })
})

describe('pickles', () => {
  const call = (p: HandPickle) => p.op('EMPTY_TUPLE').op('REDUCE')

  test.each<[string, (p: HandPickle) => HandPickle, RegExp]>([
    ['a command', (p) => p.global('posix', 'system'), /"posix\.system".*never executed/],
    ['eval', (p) => p.global('__builtin__', 'eval'), /"builtins\.eval"|"__builtin__\.eval"/],
    ['a class of the prototype', (p) => p.global('__proto__', 'constructor'), /"__proto__\.constructor"/],
    ['a class with odd letters', (p) => p.global('a\u001b[31m', 'x'), /"a\\u001b\[31m\.x"/],
    ['a class by the stack', (p) => p.text('os').text('system').op('STACK_GLOBAL'), /"os\.system"/],
    ['an endless name', (p) => p.global('x'.repeat(300), 'y'), /longer than 256 bytes/],
    ['a call of a text', (p) => call(p.text('x')), /calls what is no function/],
    ['a call of a type', (p) => call(p.global('torch', 'Tensor')), /torch\.Tensor, which may only be named/],
    ['a class as value', (p) => p.global('collections', 'OrderedDict'), /"PyGlobal" where a value/],
    ['an unknown operation', (p) => p.u8(0xff), /operation 0xff is not known/],
    ['protocol 0', (p) => p.op('PROTO').u8(0), /protocol 0/],
    ['an empty stack', (p) => p, /a value is missing/],
    ['a missing mark', (p) => p.op('TUPLE'), /a mark is missing/],
    ['a pop through a mark', (p) => p.op('NONE').op('MARK').op('POP'), /a value is missing/],
    ['an append to a tuple', (p) => p.op('EMPTY_TUPLE').op('NONE').op('APPEND'), /no list/],
    ['a key in a list', (p) => p.op('EMPTY_LIST').int(1).int(2).op('SETITEM'), /no dict/],
    ['half a pair', (p) => p.op('EMPTY_DICT').op('MARK').int(1).op('SETITEMS'), /no dict/],
    ['a state for a number', (p) => p.int(1).op('EMPTY_DICT').op('BUILD'), /what has none/],
    ['a forgotten object', (p) => p.op('BINGET').u8(9), /recalls object 9/],
    ['a text without end', (p) => p.op('BINUNICODE').u32(0xffffffff), /4294967295 more bytes/],
    [
      'a text beyond numbers',
      (p) => p.op('BINUNICODE8').u32(0xffffffff).u32(0xffffffff),
      /more bytes are needed/,
    ],
    ['a whole number without end', (p) => p.op('LONG4').u32(2 ** 30), /a whole number of 1073741824 bytes/],
    [
      'itself',
      (p) => p.op('EMPTY_LIST').op('BINPUT').u8(0).op('BINGET').u8(0).op('APPEND'),
      /contains itself/,
    ],
  ])('%s', (_, build, message) => {
    zip(pickled(build))
    expect(failure()).toMatch(message)
  })

  test.each<[string, (p: HandPickle) => HandPickle, RegExp]>([
    ['of too few bytes', (p) => numpyArray(p, [2, 2], 'i2', '<'), /shape \[2, 2\] with 4 bytes/],
    ['of a negative size', (p) => numpyArray(p, [-1, -2], 'i2', '<'), /without a type, a shape or bytes/],
    ['of too many dimensions', (p) => numpyArray(p, Array(65).fill(1), 'i4', '<'), /a shape or bytes/],
    ['of another byte order', (p) => numpyArray(p, [2], 'i2', '>'), /a NumPy array of ">i2"/],
    ['of what all objects have', (p) => numpyArray(p, [2], 'constructor', '|'), /of "\|constructor"/],
    ['of objects', (p) => numpyArray(p, [2], 'O8', '|'), /a NumPy array of "\|O8"/],
    ['of nothing', (p) => call(p.global('numpy.core.multiarray', '_reconstruct')), /"NumpyArray" where/],
  ])('a NumPy array %s', (_, build, message) => {
    zip(pickled(build))
    expect(failure()).toMatch(message)
  })

  /** Four bytes as an array. */
  function numpyArray(p: HandPickle, shape: readonly number[], code: string, order: string): HandPickle {
    const dtype = () => {
      p.global('numpy', 'dtype').tuple(() => p.text(code)).op('REDUCE') // prettier-ignore
      p.tuple(() => p.int(3), () => p.text(order)).op('BUILD') // prettier-ignore
    }
    call(p.global('numpy.core.multiarray', '_reconstruct'))
    return p
      .tuple(
        () => p.int(1),
        () => p.ints(shape),
        dtype,
        () => p.op('NEWFALSE'),
        () => p.op('SHORT_BINBYTES').u8(4).u32(7),
      )
      .op('BUILD')
  }

  test('nested without end', () => {
    zip(
      pickled((p) => {
        for (let i = 0; i < 100_000; i++) p.op('EMPTY_LIST')
        for (let i = 1; i < 100_000; i++) p.op('APPEND')
        return p
      }),
    )
    expect(failure()).toMatch(/more than 100 deep/)
  })

  test('a tower of references is as cheap as it looks', () => {
    zip(
      pickled((p) => {
        p.op('EMPTY_TUPLE').op('BINPUT').u8(0)
        for (let i = 0; i < 60; i++) p.op('BINGET').u8(0).op('BINGET').u8(0).op('TUPLE2').op('BINPUT').u8(0)
        return p
      }),
    )
    expect(readTorchFile(file)).toHaveLength(2)
  })

  test('copies of copies', () => {
    zip(
      pickled((p) => {
        p.text('x'.repeat(100_000)).op('BINPUT').u8(0)
        p.global('_codecs', 'encode').op('BINPUT').u8(1)
        p.text('latin1').op('BINPUT').u8(2)
        for (let i = 0; i < 10_000; i++)
          p.op('BINGET').u8(1).op('BINGET').u8(0).op('BINGET').u8(2).op('TUPLE2').op('REDUCE')
        return p
      }),
    )
    expect(failure()).toMatch(/its calls copy more than \d+ values/)
  })

  test('more objects than a file can need', () => {
    zip(pickled((p) => p.raw(Buffer.alloc(2_000_000, 0x7d))))
    expect(failure()).toMatch(/more than 1048576 objects/)
  })
})
