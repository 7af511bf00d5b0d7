import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { counted } from '../src/counted.js'
import { LostWork, UserError } from '../src/errors.js'
import { JOB_VARIABLE } from '../src/ranks/launcher.js'
import { freePort } from '../src/ranks/meet.js'
import { INTERRUPTED, Interruption } from './interrupted.js'
import type { Terminal } from './terminal.js'

/** Milliseconds that the others have to say what they miss, when a rank is gone. */
const GRACE = 15_000
const TOLD = 'was told to stop'
const UNHEARD = 'has nobody who reads what it says'

/**
 * Runs this program's command in several processes of this machine, the ranks: each on a GPU of its own, or on
 * its share of the processor's cores. What rank 0 says is shown, of the others what goes wrong. Ends when all
 * have ended; when one is lost, so are all.
 * @param cards GPUs there are
 * @throws UserError if one fails, after all have ended; LostWork if that was while they stopped as they were told to.
 */
export async function superviseRanks(
  { devices, words, cards }: { devices: number; words: readonly string[]; cards: number },
  terminal: Terminal,
): Promise<void> {
  if (cards > 0 && devices > cards)
    throw new UserError(
      `--devices ${devices} is more than the ${cards === 1 ? 'one GPU there is' : `${cards} GPUs there are`}`,
    )
  const cores = availableParallelism()
  // Two are allowed anywhere, to see that it works; thousands would take the machine down.
  if (cards === 0 && devices > Math.max(cores, 2))
    throw new UserError(`--devices ${devices} is more than the ${counted(cores, 'core')} of this machine`)
  const threads = Math.max(1, Math.floor(cores / devices))
  terminal.log(
    cards > 0
      ? `${counted(devices, 'rank')}, one per GPU`
      : `${counted(devices, 'rank')} of ${counted(threads, 'thread')} each, on ${counted(cores, 'core')}`,
  )
  const common = {
    ...process.env,
    [JOB_VARIABLE]: randomUUID(),
    WORLD_SIZE: String(devices),
    LOCAL_WORLD_SIZE: String(devices),
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: String(await freePort()),
    ...(cards === 0 && { FDM_THREADS: process.env.FDM_THREADS ?? String(threads) }),
  }
  const children = Array.from({ length: devices }, (_, rank) =>
    start(words, { ...common, RANK: String(rank), LOCAL_RANK: String(rank) }, rank),
  )
  const killAll = () => children.forEach((child) => child.kill('SIGKILL'))
  const forward = () => children.forEach((child) => child.kill('SIGTERM'))
  // A second Ctrl-C ends this process at once, and none may stay behind.
  process.on('exit', killAll)
  terminal.signal.addEventListener('abort', forward)
  let timer: NodeJS.Timeout | undefined
  const ends = children.map(async (child, rank) => {
    const end = await ended(child)
    // One that was told to stop has all others stop after the same step, however long they save.
    if (isFailure(end) && !terminal.signal.aborted) timer ??= setTimeout(killAll, GRACE)
    return end && { rank, end }
  })
  const first = await firstFailure(ends)
  const all = await Promise.all(ends)
  clearTimeout(timer)
  process.off('exit', killAll)
  terminal.signal.removeEventListener('abort', forward)
  if (!first) return
  if (terminal.signal.aborted) {
    // What had not begun yet does not know better than to end by the signal itself.
    const failed = all.find((end) => end && isFailure(end.end) && end.end !== endedBy('SIGTERM'))
    if (failed) throw new LostWork(`rank ${failed.rank} of ${devices} ${failed.end} when it was told to stop`)
  } else if (first.end === UNHEARD) throw new Interruption('SIGPIPE')
  else
    throw new UserError(
      first.end === TOLD
        ? `rank ${first.rank} of ${devices} ${TOLD}, so all stopped`
        : `rank ${first.rank} of ${devices} ${first.end}, so all were ended; the last checkpoint is whole`,
    )
}

function start(words: readonly string[], env: NodeJS.ProcessEnv, rank: number): ChildProcess {
  const program = process.argv[1] ?? ''
  const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
    env,
    // A group of its own: Ctrl-C comes through this process alone. The pipe tells a rank when this one is gone.
    detached: true,
    stdio: rank === 0 ? ['pipe', 'inherit', 'inherit'] : ['pipe', 'ignore', 'pipe'],
  })
  child.stdin?.on('error', () => undefined)
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      process.stderr.write(`[rank ${rank}] ${line}\n`)
    })
  return child
}

/** Whether an end is not that of a process that stopped as it was asked to. */
const isFailure = (end: string | undefined) => end !== undefined && end !== TOLD && end !== UNHEARD

const endedBy = (signal: NodeJS.Signals) => `was ended by ${signal}`

/** How a process ended if not well. */
function ended(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`did not start (${error.message})`))
    child.once('exit', (status, signal) => {
      if (signal) resolve(endedBy(signal))
      else if (status === INTERRUPTED.SIGPIPE) resolve(UNHEARD)
      else if (Object.values(INTERRUPTED).some((told) => told === status)) resolve(TOLD)
      else resolve(status === 0 ? undefined : `failed (status ${status ?? 0})`)
    })
  })
}

/** The first that is not undefined, when there is one; undefined when all are. */
function firstFailure<T>(all: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve) => {
    for (const each of all) void each.then((value) => value !== undefined && resolve(value))
    void Promise.all(all).then(() => resolve(undefined))
  })
}

/** Ends this process, one of the ranks, when the one that started it is gone. */
export function endWithParent(): void {
  process.stdin.once('end', () => process.exit(1)).once('error', () => process.exit(1))
  process.stdin.resume().unref()
}
