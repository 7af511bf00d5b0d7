import { createConnection, createServer, type AddressInfo, type Server } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.js'
import type { RankPlace } from './launcher.js'
import { LineSocket } from './line-socket.js'

/** All ranks have found each other. */
export interface Meeting<T> {
  /** The addresses of all ranks' engines, in their order: `host:port`. */
  readonly tasks: readonly string[]
  /** What rank 0 told all. */
  readonly message: T
  /**
   * Waits until all ranks have come so far; nothing is exchanged afterwards.
   * @throws UserError if one ended meanwhile.
   */
  readonly ready: () => Promise<void>
}

export interface MeetOptions {
  /** Of the program: ranks of different versions do not compute the same. */
  readonly version: string
  /** Milliseconds until all must have come. */
  readonly deadline?: number
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds. Machines of a cluster do not start a job's processes all at once. */
const USUAL_DEADLINE = 120_000
const RETRY = 200
const OVER = 'the time is over'

/**
 * The ranks tell each other where they can be reached: rank 0 waits for all others at the address that all
 * know, and tells each the addresses of all, and what else there is to say. One JSON value a line. Whoever
 * else comes to that address is sent away.
 * @param message what rank 0 tells all; of no matter elsewhere
 * @throws UserError if not all have come when the time is over, or rank 0 sends this process away.
 */
export async function meet<T>(
  place: RankPlace,
  message: T | undefined,
  { version, deadline = USUAL_DEADLINE, signal }: MeetOptions,
): Promise<Meeting<T>> {
  // Not AbortSignal.any of AbortSignal.timeout: nothing holds that, and once it is collected it never ends.
  const over = new AbortController()
  const stop = () => over.abort()
  const timer = setTimeout(stop, deadline)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const end = over.signal
  const { tasks } = place
  const port = tasks ? undefined : await freePort()
  const hello: Hello = {
    ...{ fdm: version, job: place.job, rank: place.rank, size: place.size },
    ...(tasks ? { address: tasks[place.rank] } : { port }),
  }
  try {
    return place.rank === 0
      ? await receive(place, hello, message as T, end, deadline)
      : await call<T>(place, hello, end, deadline)
  } catch (error) {
    // Whoever was told to stop misses nobody.
    signal?.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

interface Hello {
  readonly fdm: string
  readonly job: string
  readonly rank: number
  readonly size: number
  /** Of this rank's engine: its address, or its port on the machine that the others see it on. */
  readonly address?: string | undefined
  readonly port?: number | undefined
}

type Reply<T> = { readonly tasks: readonly string[]; readonly message: T } | { readonly refused: string }

async function receive<T>(
  place: RankPlace,
  own: Hello,
  message: T,
  end: AbortSignal,
  deadline: number,
): Promise<Meeting<T>> {
  const { host, port } = place.meeting
  const others = new Map<number, { readonly socket: LineSocket; readonly hello: Hello }>()
  let lastRefused: string | undefined
  const sockets = new Set<LineSocket>()
  const server = createServer()
  const missing = () =>
    Array.from({ length: place.size }, (_, rank) => rank).filter((rank) => rank > 0 && !others.has(rank))
  try {
    await new Promise<void>((resolve, reject) => {
      end.addEventListener('abort', () => reject(new Error(OVER)), { once: true })
      if (end.aborted) reject(new Error(OVER))
      server.on('error', (error) => reject(takenPort(port, error)))
      server.on('connection', (connection) => {
        const socket = new LineSocket(connection)
        sockets.add(socket)
        void socket
          .next()
          .catch(() => undefined)
          .then((line) => {
            const hello = line as Hello
            const refused = refusal(own, hello, others)
            if (refused !== undefined) {
              lastRefused = `${socket.remoteHost}: ${refused}`
              // A stranger is told nothing.
              if (isHello(hello)) socket.send({ refused })
              sockets.delete(socket)
              socket.end()
              return
            }
            others.set(hello.rank, { socket, hello })
            if (missing().length === 0) resolve()
          })
      })
      server.listen(port, isLoopback(host) ? host : undefined)
    })
    const tasks = addresses(place, own, others)
    for (const { socket } of others.values()) socket.send({ tasks, message })
    return {
      tasks,
      message,
      ready: async () => {
        for (const [rank, { socket }] of others) await orLost(socket.next(), `rank ${rank}`)
        for (const { socket } of others.values()) {
          socket.send({ go: true })
          socket.end()
        }
      },
    }
  } catch (error) {
    for (const socket of sockets) socket.destroy()
    if (error instanceof UserError) throw error
    throw new UserError(
      `not all of ${place.size} processes came to port ${port} within ${deadline / 1000} s: ` +
        `rank ${missing().join(', ')} did not` +
        (lastRefused === undefined ? '' : `; sent away was ${lastRefused}`),
      { cause: error },
    )
  } finally {
    // Those that have come stay connected.
    server.close()
  }
}

async function call<T>(
  place: RankPlace,
  own: Hello,
  end: AbortSignal,
  deadline: number,
): Promise<Meeting<T>> {
  const { host, port } = place.meeting
  let reason = 'nobody answers'
  while (!end.aborted) {
    let socket: LineSocket | undefined
    try {
      socket = await connect(host, port, end)
      socket.send(own)
      const reply = (await orAborted(socket.next(), end)) as Reply<T>
      if ('refused' in reply)
        throw new UserError(`rank 0 at ${host}:${port} sent this process away: ${reply.refused}`)
      const known = socket
      return {
        ...reply,
        ready: async () => {
          known.send({ ready: true })
          await orLost(known.next(), 'rank 0')
          known.end()
        },
      }
    } catch (error) {
      socket?.destroy()
      if (error instanceof UserError) throw error
      if (error instanceof Error && error.message !== OVER) reason = error.message
    }
    await wait(RETRY, undefined, { signal: end }).catch(() => undefined)
  }
  throw new UserError(
    `rank ${place.rank} could not meet rank 0 at ${host}:${port} within ${deadline / 1000} s: ${reason}`,
  )
}

function connect(host: string, port: number, end: AbortSignal): Promise<LineSocket> {
  return new Promise((resolve, reject) => {
    const connection = createConnection({ host, port })
    const abort = () => connection.destroy(new Error(OVER))
    end.addEventListener('abort', abort, { once: true })
    const settled = () => end.removeEventListener('abort', abort)
    connection.once('error', (error) => {
      settled()
      reject(error)
    })
    connection.once('connect', () => {
      settled()
      resolve(new LineSocket(connection))
    })
  })
}

function isHello(value: unknown): value is Hello {
  return typeof value === 'object' && value !== null && 'fdm' in value
}

/** Why a process does not belong here; undefined if it does. */
function refusal(own: Hello, hello: unknown, others: ReadonlyMap<number, unknown>): string | undefined {
  if (!isHello(hello)) return 'it is no process of fdm'
  const { fdm, job, rank, size, port, address } = hello
  if (job !== own.job) return 'it belongs to another job; give each a MASTER_PORT of its own'
  if (fdm !== own.fdm) return `it is of version ${fdm}, rank 0 of version ${own.fdm}`
  if (size !== own.size) return `it is one of ${size} processes, rank 0 one of ${own.size}`
  if (!Number.isInteger(rank) || rank <= 0 || rank >= size) return `there is no other rank ${rank}`
  if (others.has(rank)) return `rank ${rank} is here already`
  if (
    typeof (own.address === undefined ? port : address) !== (own.address === undefined ? 'number' : 'string')
  )
    return 'it does not say where its engine is'
  return undefined
}

/** Where each rank is reached: on the machine that its connection came from. */
function addresses(
  place: RankPlace,
  own: Hello,
  others: ReadonlyMap<number, { readonly socket: LineSocket; readonly hello: Hello }>,
): readonly string[] {
  if (place.tasks) return place.tasks
  const remote = [...others.values()].find(({ socket }) => !isLoopback(socket.remoteHost))
  const any = remote ?? others.values().next().value
  // What this machine is called from outside, for itself and for ranks that came the short way.
  const here = any?.socket.localHost ?? place.meeting.host
  const hostOf = (socket: LineSocket) => (isLoopback(socket.remoteHost) ? here : socket.remoteHost)
  return Array.from({ length: place.size }, (_, rank) => {
    const other = others.get(rank)
    return other ? join(hostOf(other.socket), other.hello.port) : join(here, own.port)
  })
}

const join = (host: string, port = 0) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

async function orLost(line: Promise<unknown>, who: string): Promise<void> {
  try {
    await line
  } catch (error) {
    throw new UserError(`${who} ended before training began`, { cause: error })
  }
}

function orAborted<T>(work: Promise<T>, end: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('rank 0 waits for others'))
    end.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => end.removeEventListener('abort', abort))
  })
}

function takenPort(port: number, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'EADDRINUSE')
    return new UserError(`rank 0 cannot wait at port ${port}: ${error.message}`)
  return new UserError(`port ${port}, where rank 0 waits for the others, is taken: set another MASTER_PORT`)
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
