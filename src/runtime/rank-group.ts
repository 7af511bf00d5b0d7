import { createHash } from 'node:crypto'
import { UserError } from '../errors.js'
import { after } from './after.js'
import { runOperationOf } from './run-operation.js'
import { tensorflowBackend } from './tensorflow-backend.js'
import { tf, type Tensor } from './tf.js'

/** Some processes, the ranks, that compute together through TensorFlow's collective operations. */
export interface RankGroup {
  readonly rank: number
  readonly size: number
  /** Their engines' addresses, `host:port`. */
  readonly tasks: readonly string[]
  /** Seconds after which a rank gives up waiting for another that is alive. */
  readonly patience: number
}

/** What the addon adds for ranks (native/collectives.cc). */
interface CollectiveBinding {
  isUsingGpuDevice(): boolean
  /** Asks ranks again and again whether they are alive; one that is not ends all collective operations. */
  watchPeers(ranks: readonly number[], intervalMs: number, timeoutMs: number): void
  /** The rank that was lost, and what the engine says of it; empty if none was. */
  lostPeer(): string
  stopWatching(): void
}

/** Whether an addon can take part. */
export function isCollective(binding: object): binding is CollectiveBinding {
  return 'watchPeers' in binding
}

/** Milliseconds between two questions whether another rank is alive, and until it must have answered. */
const WATCH_INTERVAL = 2000
const WATCH_TIMEOUT = 10_000

/**
 * Finds out on a thread of its own when another rank is lost or hangs, and then ends the operation that
 * waits for it. Rank 0 watches all, and all watch it. To be called after the first collective operation.
 */
export function watchRanks({ rank, size }: RankGroup): void {
  const others = rank === 0 ? Array.from({ length: size - 1 }, (_, i) => i + 1) : [0]
  const timeout = Number(process.env.FDM_RANK_TIMEOUT) * 1000 || WATCH_TIMEOUT
  binding().watchPeers(others, Math.min(WATCH_INTERVAL, timeout), timeout)
}

export function stopWatchingRanks(): void {
  binding().stopWatching()
}

/**
 * The sums over all ranks of tensors that each has of the same shapes, one after the other in the order given:
 * ranks must not disagree which comes first. In a compiled function each sum begins as soon as its tensor and
 * the sum before are there, whatever else is computed meanwhile. All ranks get the same bits.
 * @param names tell sums of one function apart
 */
export function sumOverRanks(
  group: RankGroup,
  tensors: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Tensor> {
  const sums = new Map<string, Tensor>()
  let before: Tensor | undefined
  for (const [name, tensor] of tensors) {
    before = reduce(group, name, before ? after(tensor, before) : tensor, group.patience)
    sums.set(name, before)
  }
  return sums
}

/** A tensor of rank 0, at every rank. The others give one of the same shape, whose values do not matter. */
export function fromFirstRank<T extends Tensor>(group: RankGroup, tensor: T): T {
  const name = `broadcast ${tensor.shape.join()}`
  const attributes = { ...typeAttribute(), ...hint(), timeout_seconds: { float: group.patience } }
  return tf.tidy(() => {
    const keys = keysOf(group, name)
    if (group.rank === 0)
      return first(runOperationOf('CollectiveBcastSendV2', [tensor, ...keys], attributes, 1))
    const shape = tf.tensor1d(tensor.shape, 'int32')
    const more = { ...attributes, Tshape: { type: 'int32' as const } }
    return first(runOperationOf('CollectiveBcastRecvV2', [...keys, shape], more, 1))
  }) as T
}

/** A value of rank 0 that JSON can hold, at every rank. */
export async function valueFromFirstRank<T>(group: RankGroup, value: T | undefined): Promise<T> {
  const bytes = group.rank === 0 ? Buffer.from(JSON.stringify(value)) : Buffer.alloc(0)
  const [length = 0] = await broadcast(group, [bytes.length])
  const all = await broadcast(group, group.rank === 0 ? [...bytes] : Array<number>(length).fill(0))
  return JSON.parse(Buffer.from(all).toString()) as T
}

/**
 * Every rank's numbers, which are as many at each.
 * @param patience seconds to wait for the others, 0 without end
 * @returns one list per rank, in float32
 */
export async function numbersOfRanks(
  group: RankGroup,
  numbers: readonly number[],
  patience = group.patience,
): Promise<readonly (readonly number[])[]> {
  const n = numbers.length
  const values = new Float32Array(n * group.size)
  values.set(numbers, n * group.rank)
  const sum = tf.tidy(() => reduce(group, `numbers ${values.length}`, tf.tensor1d(values), patience))
  const all = await readAndDispose(sum)
  return Array.from({ length: group.size }, (_, rank) => [...all.subarray(rank * n, (rank + 1) * n)])
}

/** Waits until all ranks have come here, however long that takes: while rank 0 saves or samples. */
export async function waitForRanks(group: RankGroup): Promise<void> {
  await numbersOfRanks(group, [0], 0)
}

/** What an operation failed of because another rank did: a line for whoever started them. */
export function rankFailure(group: RankGroup, error: unknown): UserError | undefined {
  const message = error instanceof Error ? error.message : String(error)
  const who = (rank: number) => `rank ${rank} (${group.tasks[rank] ?? 'of no known address'})`
  const [, lost] = /^(\d+) /.exec(binding().lostPeer()) ?? []
  if (lost !== undefined)
    return new UserError(`${who(Number(lost))} is lost: it does not answer`, { cause: error })
  if (!/[Cc]ollective|RecvBuf/.test(message)) return undefined
  const [, remote] = /remote target \/job:worker\/replica:0\/task:(\d+)/.exec(message) ?? []
  if (remote !== undefined)
    return new UserError(`${who(Number(remote))} is lost: the connection to it broke`, { cause: error })
  if (message.includes('timed out'))
    return new UserError(
      `rank ${group.rank} waited ${group.patience} s for the others: one of them does not go on`,
      { cause: error },
    )
  return new UserError(`a sum over the ranks failed: ${message.split('\n')[1] ?? message}`, { cause: error })
}

function reduce(group: RankGroup, name: string, tensor: Tensor, patience: number): Tensor {
  const attributes = {
    ...typeAttribute(),
    ...hint(),
    merge_op: 'Add',
    final_op: 'Id',
    timeout_seconds: { float: patience },
    is_stateless: false,
    Nordering_token: 0,
    max_subdivs_per_device: -1,
  }
  const inputs = [tensor, ...keysOf(group, `sum ${name} of ${tensor.shape.join()}`)]
  return first(runOperationOf('CollectiveReduceV2', inputs, attributes, 1))
}

async function broadcast(group: RankGroup, numbers: readonly number[]): Promise<Float32Array> {
  const own = tf.tensor1d([...numbers])
  try {
    return await readAndDispose(fromFirstRank(group, own))
  } finally {
    own.dispose()
  }
}

async function readAndDispose(tensor: Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array
  } finally {
    tensor.dispose()
  }
}

/** Size and key of the group, and the key of the operation: the same for the same name at all ranks. */
function keysOf({ size }: RankGroup, name: string): Tensor[] {
  const key = createHash('sha256').update(name).digest().readUInt32BE(0) >>> 2
  return [size, 1, key].map((value) => tf.scalar(value, 'int32'))
}

const typeAttribute = () => ({ T: { type: 'float32' as const } })

/** NCCL between GPUs, a ring over gRPC between processors. */
const hint = () => ({ communication_hint: binding().isUsingGpuDevice() ? 'nccl' : 'ring' })

function first([tensor]: readonly Tensor[]): Tensor {
  if (!tensor) throw new Error('a collective operation returned nothing')
  return tensor
}

function binding(): CollectiveBinding {
  const found: object | undefined = tensorflowBackend()?.binding
  if (found && isCollective(found)) return found
  throw new Error('ranks compute on the TensorFlow that "fdm setup" provides alone')
}
