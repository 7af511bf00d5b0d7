import { dtypeOfStorage, type DType } from '../dtype.js'
import { tuple } from '../values.js'
import { NUMPY_GLOBALS } from './numpy.js'
import { PickleError, PyDict, PyDType, PyGlobal, PyStorageClass } from './objects.js'
import { TENSOR_GLOBALS } from './rebuild.js'

/**
 * What a name in a pickle stands for. This list is the whole of what a file can make happen: a class or
 * function that is not on it is never looked up, let alone executed.
 */
export function lookUpGlobal(module: string, name: string): unknown {
  const full = `${PYTHON_2_MODULES[module] ?? module}.${name}`
  const listed = GLOBALS.get(full)
  if (listed) return listed
  if (module === 'torch' || module === 'torch.cuda') {
    const dtype = dtypeOfStorage(name) ?? QUANTISED_STORAGES.get(name)
    if (dtype) return new PyStorageClass(dtype)
    if (/^(bool|(u?int|float|bfloat|complex)\d{1,3}(_\w{1,12})?)$/.test(name)) return new PyDType(name)
  }
  // Classes of a TorchScript module, whose code stays unread: records of their attributes.
  if (module === '__torch__' || module.startsWith('__torch__.'))
    return new PyGlobal(full, () => new PyDict('attributes'))
  if (full === 'torch.UntypedStorage' || full === 'torch.storage.UntypedStorage')
    return new PyStorageClass('untyped')
  return undefined
}

/** Protocol 2 spells modules as Python 2 did. */
const PYTHON_2_MODULES: Readonly<Record<string, string>> = {
  __builtin__: 'builtins',
  copy_reg: 'copyreg',
}

/** What the integers of quantised tensors are stored as. */
const QUANTISED_STORAGES: ReadonlyMap<string, DType> = new Map([
  ['QUInt8Storage', 'uint8'],
  ['QInt8Storage', 'int8'],
  ['QInt32Storage', 'int32'],
])

const NAMED: readonly PyGlobal[] = [
  ...NUMPY_GLOBALS,
  ...TENSOR_GLOBALS,
  new PyGlobal('collections.OrderedDict', ([pairs]) => new PyDict('ordered', pairsOf(pairs))),
  new PyGlobal('collections.Counter', ([counts]) => new PyDict('dict', pairsOf(counts))),
  new PyGlobal('collections.defaultdict', () => new PyDict('dict')),
  new PyGlobal('builtins.dict', ([pairs]) => new PyDict('dict', pairsOf(pairs))),
  new PyGlobal('builtins.list', ([items]) => [...itemsOf(items)]),
  new PyGlobal('builtins.tuple', ([items]) => tuple(itemsOf(items))),
  new PyGlobal('builtins.set', ([items]) => new Set(itemsOf(items))),
  new PyGlobal('builtins.frozenset', ([items]) => new Set(itemsOf(items))),
  new PyGlobal('builtins.bytearray', ([content, encoding]) =>
    content instanceof Uint8Array ? content : encodeText([content ?? '', encoding]),
  ),
  // Named as the factory of a defaultdict, or as the base of another class.
  ...['object', 'int', 'float', 'str', 'bool', 'bytes'].map((name) => new PyGlobal(`builtins.${name}`)),
  new PyGlobal('_codecs.encode', encodeText),
  new PyGlobal('argparse.Namespace', () => new PyDict('attributes')),
  new PyGlobal('types.SimpleNamespace', () => new PyDict('attributes')),
  // TorchScript's lists of one type, and what carries the type of another collection.
  ...['build_intlist', 'build_doublelist', 'build_boollist', 'build_tensorlist', 'restore_type_tag'].map(
    (name) => new PyGlobal(`torch.jit._pickle.${name}`, ([collection]) => collection ?? null),
  ),
  new PyGlobal('copyreg._reconstructor', ([kind]) => {
    if (!(kind instanceof PyGlobal && kind.call)) throw new PickleError('an object of no class')
    return kind.call([])
  }),
  ...['pathlib', 'pathlib._local'].flatMap((module) => [
    ...['Path', 'PosixPath', 'PurePath', 'PurePosixPath'].map(
      (name) => new PyGlobal(`${module}.${name}`, (parts) => joinPath(parts, '/')),
    ),
    ...['WindowsPath', 'PureWindowsPath'].map(
      (name) => new PyGlobal(`${module}.${name}`, (parts) => joinPath(parts, '\\')),
    ),
  ]),
]

const GLOBALS: ReadonlyMap<string, PyGlobal> = new Map(NAMED.map((global) => [global.name, global]))

/** `dict(..)` takes a dict or a list of pairs. */
function* pairsOf(pairs: unknown): Generator<readonly [unknown, unknown]> {
  if (pairs instanceof PyDict) yield* pairs.entries
  else
    for (const pair of itemsOf(pairs)) {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new PickleError('a dict made of what are not pairs')
      yield [pair[0], pair[1]]
    }
}

function itemsOf(items: unknown): Iterable<unknown> {
  if (items === undefined) return []
  if (Array.isArray(items) || items instanceof Set) return items as Iterable<unknown>
  throw new PickleError('a collection made of what is not one')
}

/** Protocol 2 has no bytes: they are text of which every character is a byte. */
function encodeText([text, encoding]: readonly unknown[]): Uint8Array {
  if (typeof text !== 'string' || (encoding !== 'latin1' && text !== ''))
    throw new PickleError('bytes that are not spelled as latin1 text')
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function joinPath(parts: readonly unknown[], separator: string): string {
  const texts = parts.filter((part) => typeof part === 'string')
  if (texts.length !== parts.length) throw new PickleError('a path made of what is not text')
  const [root = '.', ...rest] = texts
  return root.endsWith(separator) ? root + rest.join(separator) : texts.join(separator) || root
}
