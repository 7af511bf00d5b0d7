import { UserError } from '../../errors.js'
import { quote } from '../quote.js'
import { noteEntry, TorchTensor } from '../tensor.js'
import { isTuple, markOrdered, tuple, type TorchRecord, type TorchValue } from '../values.js'
import { NumpyArray, PyDict, PyDType } from './objects.js'

/** How deep dicts, lists and tuples may lie in one another; a checkpoint needs five. */
const DEPTH_LIMIT = 100

/**
 * Turns what the pickle machine made into plain JavaScript. An object that occurs twice is converted once.
 * @throws UserError naming `where` for an object that contains itself, lies too deep, or is no value.
 */
export function toValue(where: string, object: unknown): TorchValue {
  const converted = new Map<object, TorchValue | undefined>()

  const convert = (item: unknown, depth: number, path: Path): TorchValue => {
    if (item === null || (typeof item !== 'object' && isPlain(item))) return item
    if (typeof item !== 'object') throw new UserError(`${where}: it holds something that is no value`)
    if (item instanceof TorchTensor) noteEntry(item, () => nameOf(path))
    if (item instanceof TorchTensor || item instanceof Uint8Array) return item
    if (item instanceof NumpyArray && item.tensor) return item.tensor
    if (item instanceof PyDType) return `torch.${item.name}`
    const known = converted.get(item)
    if (known !== undefined) return known
    if (converted.has(item)) throw new UserError(`${where}: it holds a collection that contains itself`)
    if (depth > DEPTH_LIMIT)
      throw new UserError(`${where}: its collections lie more than ${DEPTH_LIMIT} deep in one another`)
    converted.set(item, undefined)
    const value = convertCollection(item, (child, key) => convert(child, depth + 1, { key, within: path }))
    converted.set(item, value)
    return value
  }

  const convertCollection = (item: object, child: Child): TorchValue => {
    if (Array.isArray(item)) {
      const items = item.map((each, i) => child(each, i))
      return isTuple(item) ? tuple(items) : items
    }
    if (item instanceof Set) return new Set(Array.from(item, (each, i) => child(each, i)))
    if (item instanceof PyDict) return convertDict(item, child)
    throw new UserError(`${where}: it holds a ${quote(item.constructor.name)} where a value was expected`)
  }

  return convert(object, 0, undefined)
}

/** The keys that lead to an object, the last one first. */
type Path = { readonly key: unknown; readonly within: Path } | undefined
type Child = (value: unknown, key: unknown) => TorchValue

/** As `optimizer.state.0.exp_avg`. */
function nameOf(path: Path): string {
  const keys: string[] = []
  for (let at = path; at; at = at.within) keys.push(String(at.key))
  return keys.reverse().join('.')
}

function isPlain(item: unknown): item is boolean | number | bigint | string {
  return ['boolean', 'number', 'bigint', 'string'].includes(typeof item)
}

function convertDict(dict: PyDict, child: Child): TorchValue {
  const entries = Array.from(
    dict.entries,
    ([key, value]) => [child(key, 'a key'), child(value, key)] as const,
  )
  const value = recordOf(entries) ?? new Map(entries)
  return dict.kind === 'ordered' ? markOrdered(value) : value
}

/** A record, if all keys are text and an object keeps their order: it moves whole numbers to the front. */
function recordOf(entries: readonly (readonly [TorchValue, TorchValue])[]): TorchRecord | undefined {
  const record = Object.create(null) as Record<string, TorchValue>
  for (const [key, value] of entries) {
    if (typeof key !== 'string') return undefined
    record[key] = value
  }
  return Object.keys(record).every((key, i) => key === entries[i]?.[0]) ? record : undefined
}
