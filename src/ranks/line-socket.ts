import type { Socket } from 'node:net'

/** Longer lines are not ours. */
const LONGEST = 1_000_000

/** JSON values in both directions, one a line. */
export class LineSocket {
  readonly #socket: Socket
  readonly #lines: string[] = []
  #rest = ''
  #wake: (() => void) | undefined
  #failure: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  /** The other side's address, as this side sees it. */
  get remoteHost(): string {
    return plainHost(this.#socket.remoteAddress)
  }

  /** This side's address, as the other side sees it. */
  get localHost(): string {
    return plainHost(this.#socket.localAddress)
  }

  send(value: unknown): void {
    this.#socket.write(`${JSON.stringify(value)}\n`)
  }

  /** @throws Error if the connection ends first, or what comes is no JSON. */
  async next(): Promise<unknown> {
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return JSON.parse(line)
      if (this.#failure) throw this.#failure
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Closes the connection when all is sent. */
  end(): void {
    this.#socket.end()
    this.#socket.unref()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    this.#lines.push(...lines)
    if (this.#rest.length > LONGEST) this.#socket.destroy()
    this.#wake?.()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake?.()
  }
}

/** Without the form that IPv4 addresses have on IPv6 sockets. */
function plainHost(address = ''): string {
  return address.replace(/^::ffff:/, '')
}
