import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  isOrderedDict,
  isTuple,
  readTorchFile,
  TorchTensor,
  type TorchValue,
} from '../../src/torch-file/index.js'
import { HandPickle, temporaryFolder, writeLegacy, writeZip } from './handmade.js'

const file = path.join(temporaryFolder(), 'pickle.pt')

function load(build: (pickle: HandPickle) => HandPickle): TorchValue {
  return readTorchFile(writeZip(file, { 'data.pkl': build(new HandPickle()).stop() }))
}

/** A pickle's bytes as Python wrote them, hexadecimal. */
const loadHex = (hex: string) => readTorchFile(writeZip(file, { 'data.pkl': Buffer.from(hex, 'hex') }))

describe('dicts', () => {
  test('with text for keys are records, with others Maps', () => {
    const record = load((p) =>
      p.op('EMPTY_DICT').text('__proto__').int(1).op('SETITEM').text('a').int(2).op('SETITEM'),
    )
    expect(Object.getPrototypeOf(record)).toBe(null)
    expect(Object.entries(record as object)).toEqual([
      ['__proto__', 1],
      ['a', 2],
    ])
    expect(load((p) => p.op('EMPTY_DICT').int(0).text('x').op('SETITEM'))).toEqual(new Map([[0, 'x']]))
    expect(load((p) => p.op('EMPTY_DICT'))).toEqual({})
  })

  test('are Maps if an object would change their order', () => {
    const dict = (keys: string[]) =>
      load((p) => {
        p.op('EMPTY_DICT')
        for (const key of keys) p.text(key).int(1).op('SETITEM')
        return p
      })
    expect(dict(['1', '2', 'a'])).toEqual({ 1: 1, 2: 1, a: 1 })
    expect([...(dict(['b', '2', '1']) as Map<string, number>).keys()]).toEqual(['b', '2', '1'])
  })

  test('an OrderedDict with attributes, as PyTorch writes a state dict', () => {
    const value = load((p) => {
      p.global('collections', 'OrderedDict').op('EMPTY_TUPLE').op('REDUCE')
      p.text('w').int(1).op('SETITEM')
      return p.op('EMPTY_DICT').text('_metadata').op('NONE').op('SETITEM').op('BUILD')
    })
    expect(value).toEqual({ w: 1 })
    expect(isOrderedDict(value as object)).toBe(true)
  })
})

describe('what configurations hold besides', () => {
  test('numbers', () => {
    const values = load((p) => {
      p.op('EMPTY_LIST').op('MARK')
      p.int(-1)
        .int(2 ** 40)
        .op('BINFLOAT')
        .doubleBE(1e-8)
      p.op('LONG1')
        .u8(1)
        .u8(0xff)
        .op('LONG1')
        .u8(0)
        .op('LONG1')
        .u8(9)
        .raw(Buffer.from('000000000000000001', 'hex'))
      return p.op('APPENDS')
    })
    expect(values).toEqual([-1, 2 ** 40, 1e-8, -1, 0, 2n ** 64n])
  })

  test('as Python 3.11 and NumPy 2.4 pickle it', () => {
    // pickle.dumps(argparse.Namespace(lr=0.5, name='x'), 2)
    const namespace =
      '80026361726770617273650a4e616d6573706163650a7100298171017d71022858020000006c727103473fe0000000000000' +
      '58040000006e616d657104580100000078710575622e'
    expect(loadHex(namespace)).toEqual({ lr: 0.5, name: 'x' })
    // pickle.dumps([numpy.float64(1.5), numpy.int64(7), numpy.bool_(True)], 2)
    const numbers =
      '80025d710028636e756d70792e5f636f72652e6d756c746961727261790a7363616c61720a7101636e756d70790a64747970' +
      '650a71025802000000663871038988877104527105284b0358010000003c71064e4e4e4affffffff4affffffff4b00747107' +
      '62635f636f646563730a656e636f64650a71085809000000000000000000c3b83f710958060000006c6174696e31710a8671' +
      '0b52710c86710d52710e6801680258020000006938710f8988877110527111284b0368064e4e4e4affffffff4affffffff4b' +
      '00747112626808580800000007000000000000007113680a8671145271158671165271176801680258020000006231711889' +
      '8887711952711a284b0358010000007c711b4e4e4e4affffffff4affffffff4b0074711c626808580100000001711d680a86' +
      '711e52711f867120527121652e'
    expect(loadHex(numbers)).toEqual([1.5, 7, true])
    // pickle.dumps([PosixPath('/a/b'), defaultdict(list, {'k': [1]}), Counter('aab'), {1, 2}], 2)
    const rest =
      '80025d71002863706174686c69620a506f736978506174680a710158010000002f7102580100000061710358010000006271' +
      '0487710552710663636f6c6c656374696f6e730a64656661756c74646963740a7107635f5f6275696c74696e5f5f0a6c6973' +
      '740a710885710952710a58010000006b710b5d710c4b01617363636f6c6c656374696f6e730a436f756e7465720a710d7d71' +
      '0e28580100000061710f4b0258010000006271104b0175857111527112635f5f6275696c74696e5f5f0a7365740a71135d71' +
      '14284b014b0265857115527116652e'
    expect(loadHex(rest)).toEqual(['/a/b', { k: [1] }, { a: 2, b: 1 }, new Set([1, 2])])
    // pickle.dumps({'a': (1, 'é', b'\x01', {2}), 'b': [None, frozenset([3])]}, 4)
    const protocol4 =
      '8004952b000000000000007d94288c016194284b018c02c3a994430101948f94284b029074948c0162945d94284e284b0391' +
      '9465752e'
    expect(loadHex(protocol4)).toEqual({
      a: [1, 'é', Uint8Array.of(1), new Set([2])],
      b: [null, new Set([3])],
    })
  })

  test('NumPy arrays as tensors, as NumPy 2.4 pickles them with protocols 2 and 5', () => {
    // numpy.asfortranarray(numpy.array([[1, 2, 3], [4, 5, 6]], dtype='i2'))
    const pickles = [
      '8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a' +
        '6e6461727261790a71014b00857102635f636f646563730a656e636f64650a7103580100000062710458060000006c61' +
        '74696e317105867106527107877108527109284b014b024b0386710a636e756d70790a64747970650a710b5802000000' +
        '6932710c898887710d52710e284b0358010000003c710f4e4e4e4affffffff4affffffff4b0074711062886803580c00' +
        '000001000400020005000300060071116805867112527113747114622e',
      '80059582000000000000008c136e756d70792e5f636f72652e6e756d65726963948c0b5f66726f6d6275666665729493' +
        '9428960c00000000000000010004000200050003000600948c056e756d7079948c0564747970659493948c0269329489' +
        '8887945294284b038c013c944e4e4e4affffffff4affffffff4b007494624b024b0386948c014694749452942e',
    ]
    for (const pickle of pickles) {
      const array = loadHex(pickle) as TorchTensor
      expect([array.dtype, array.shape]).toEqual(['int16', [2, 3]])
      expect(array.data()).toEqual(Int16Array.of(1, 2, 3, 4, 5, 6))
    }
  })

  test("NumPy's text and halves", () => {
    // pickle.dumps([numpy.str_('hé'), numpy.float16(-1.5)], 2)
    const pickle =
      '80025d710028636e756d70792e5f636f72652e6d756c746961727261790a7363616c61720a7101636e756d70790a6474' +
      '7970650a71025802000000553271038988877104527105284b0358010000003c71064e4e4e4b084b044b087471076263' +
      '5f636f646563730a656e636f64650a7108580900000068000000c3a9000000710958060000006c6174696e31710a8671' +
      '0b52710c86710d52710e6801680258020000006632710f8988877110527111284b0368064e4e4e4affffffff4affffff' +
      'ff4b00747112626808580300000000c2be7113680a867114527115867116527117652e'
    expect(loadHex(pickle)).toEqual(['hé', -1.5])
    expect(() => loadHex(pickle.replace('c3a900000071', 'c3a900110071'))).toThrow(
      /text with the character 1114345/,
    )
  })

  test('NumPy scalars, whose module NumPy 2 renamed', () => {
    for (const module of ['numpy.core.multiarray', 'numpy._core.multiarray']) {
      const value = load((p) => {
        p.global(module, 'scalar')
        p.global('numpy', 'dtype')
          .tuple(
            () => p.text('f8'),
            () => p.op('NEWFALSE'),
            () => p.op('NEWTRUE'),
          )
          .op('REDUCE')
        p.tuple(
          () => p.int(3),
          () => p.text('<'),
          () => p.op('NONE'),
        ).op('BUILD')
        p.global('_codecs', 'encode').tuple(
          () => p.text('\u0000\u0000\u0000\u0000\u0000\u0000\u00f8?'),
          () => p.text('latin1'),
        )
        return p.op('REDUCE').op('TUPLE2').op('REDUCE')
      })
      expect(value).toBe(1.5)
    }
  })

  test('paths, sets, bytes, sizes, devices, types', () => {
    const call = (module: string, name: string, args: (p: HandPickle) => HandPickle) =>
      load((p) => args(p.global(module, name).op('MARK')).op('TUPLE').op('REDUCE'))
    expect(call('pathlib', 'PosixPath', (p) => p.text('/').text('a').text('b'))).toBe('/a/b')
    expect(call('pathlib', 'PosixPath', (p) => p.text('a').text('b'))).toBe('a/b')
    expect(call('pathlib', 'PosixPath', (p) => p)).toBe('.')
    expect(call('__builtin__', 'set', (p) => p.op('EMPTY_LIST').int(1).op('APPEND'))).toEqual(new Set([1]))
    expect(call('_codecs', 'encode', (p) => p.text('\u00e9').text('latin1'))).toEqual(Uint8Array.of(0xe9))
    expect(call('torch', 'Size', (p) => p.ints([2, 3]))).toEqual([2, 3])
    expect(call('torch', 'device', (p) => p.text('cuda').int(1))).toBe('cuda:1')
    expect(load((p) => p.global('torch', 'float32'))).toBe('torch.float32')
    expect(call('collections', 'defaultdict', (p) => p.global('__builtin__', 'list'))).toEqual({})
  })

  test('tuples are arrays that know it', () => {
    const value = load((p) => p.ints([1, 2, 3, 4]))
    expect(value).toEqual([1, 2, 3, 4])
    expect(isTuple(value as object)).toBe(true)
    expect(isTuple(load((p) => p.op('EMPTY_LIST')) as object)).toBe(false)
  })
})

test('storages of any device, and the text of Python 2', () => {
  const pickle = new HandPickle()
  pickle.global('torch._utils', '_rebuild_tensor').tuple(
    () => pickle.storage('k', 2, 'LongStorage', 'cuda:3'),
    () => pickle.int(0),
    () => pickle.ints([2]),
    () => pickle.ints([1]),
  )
  pickle.op('REDUCE').op('SHORT_BINSTRING').u8(1).raw(Buffer.from('x')).op('TUPLE2')
  const bytes = new Uint8Array(BigInt64Array.of(7n, -1n).buffer)
  const [tensor, text] = readTorchFile(writeLegacy(file, pickle.stop(), { k: [2, bytes] })) as TorchValue[]
  expect((tensor as TorchTensor).data()).toEqual(BigInt64Array.of(7n, -1n))
  expect(text).toBe('x')
})
