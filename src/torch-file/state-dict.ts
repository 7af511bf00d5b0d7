import path from 'node:path'
import { UserError } from '../errors.js'
import { quote } from './quote.js'
import { readTorchFile } from './read-torch-file.js'
import { TorchTensor } from './tensor.js'
import type { TorchValue } from './values.js'

export type StateDict = ReadonlyMap<string, TorchTensor>

/** A checkpoint of a training run: tensors by name, the options it was trained with, updates done. */
export interface CheckpointFile {
  readonly stateDict: StateDict
  /** All of it, also what this program does not know. */
  readonly config: Readonly<Record<string, TorchValue>>
  /** Undefined if neither the file nor its name says. */
  readonly step: number | undefined
}

/**
 * Reads a file of `{state_dict, config, step}`. Tensors stay in the file until they are asked for. A file
 * without a step takes it from the number that its name ends in, if there is one.
 * @throws UserError naming the file and the part that is missing or is not what it should be.
 */
export function readCheckpointFile(file: string): CheckpointFile {
  const value = readTorchFile(file)
  const config = asRecord(part(value, 'config'))
  if (!config)
    throw new UserError(
      `${file}: a checkpoint with a "config" of the training options was expected; it holds ${describe(value)}`,
    )
  return { stateDict: stateDictOf(file, value), config, step: stepOf(file, part(value, 'step')) }
}

/**
 * Reads the tensors of a model: a file that is a state dict, or has one as its `state_dict`.
 * @throws UserError naming the file and the entry that is no tensor.
 */
export function readStateDict(file: string): StateDict {
  return stateDictOf(file, readTorchFile(file))
}

function stateDictOf(file: string, value: TorchValue): StateDict {
  const inner = part(value, 'state_dict')
  const entries = entriesOf(inner ?? value)
  if (!entries)
    throw new UserError(
      `${file}: tensors by name (a state dict) were expected; it holds ${describe(inner ?? value)}`,
    )
  const tensors = entries.map(([name, tensor]) => {
    if (typeof name === 'string' && tensor instanceof TorchTensor) return [name, tensor] as const
    throw new UserError(
      `${file}: ${nameOf(name)} of the state dict is ${describe(tensor)}, a tensor was expected`,
    )
  })
  if (tensors.length === 0) throw new UserError(`${file}: its state dict is empty`)
  return new Map(withoutWrappers(tensors))
}

/**
 * Training on several GPUs and `torch.compile` wrap the model in another module, whose name all parameters then
 * begin with; whoever does both may do so in either order.
 */
const WRAPPERS = ['module.', '_orig_mod.', 'module.']

function withoutWrappers<T>(entries: (readonly [string, T])[]): (readonly [string, T])[] {
  return WRAPPERS.reduce((all, wrapper) => {
    if (!all.every(([name]) => name.startsWith(wrapper))) return all
    return all.map(([name, value]) => [name.slice(wrapper.length), value] as const)
  }, entries)
}

function stepOf(file: string, value: TorchValue | undefined): number | undefined {
  if (value === undefined || value === null) {
    // Not the decimals of a rate, as in ema_0.9999.pt.
    const digits = /(?:^|[^\d.])(\d+)$/.exec(path.parse(file).name)?.[1]
    return digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined
  }
  const step = value instanceof TorchTensor && value.size === 1 ? value.numbers()[0] : value
  if (typeof step === 'number' && Number.isSafeInteger(step) && step >= 0) return step
  throw new UserError(`${file}: its "step" is ${describe(value)}, a whole number of 0 or more was expected`)
}

function part(value: TorchValue, name: string): TorchValue | undefined {
  return entriesOf(value)?.find(([key]) => key === name)?.[1]
}

/** What a dict holds; undefined if the value is none. */
function entriesOf(value: TorchValue): (readonly [TorchValue, TorchValue])[] | undefined {
  if (value instanceof Map) return [...(value as ReadonlyMap<TorchValue, TorchValue>)]
  const record = value === null || typeof value !== 'object' ? undefined : asRecord(value)
  return record && Object.entries(record)
}

function asRecord(value: TorchValue | undefined): Record<string, TorchValue> | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return undefined
  return Object.getPrototypeOf(value) === null ? (value as Record<string, TorchValue>) : undefined
}

function describe(value: TorchValue): string {
  if (value === null) return 'None'
  if (value instanceof TorchTensor) return `a tensor of shape [${value.shape.join(', ')}]`
  if (Array.isArray(value)) return `a list of ${value.length}`
  const entries = entriesOf(value)
  if (!entries) return typeof value === 'string' ? quote(value) : `a ${typeof value}`
  const names = entries.slice(0, 5).map(([key]) => nameOf(key))
  return `a dict of ${entries.length} (${names.join(', ')}${entries.length > names.length ? ', ..' : ''})`
}

function nameOf(key: TorchValue): string {
  if (typeof key === 'string') return quote(key)
  return typeof key === 'number' ? String(key) : `a key that is a ${typeof key}`
}
