import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { SideRequests } from './side-job.js'

/** A side that does not work on this machine, with its own last words. */
export class SideFailure extends Error {
  override readonly name: string = 'SideFailure'
}

/** A side's process, which answers one request at a time, and otherwise waits. */
export interface SideProcess {
  /** @throws SideFailure if the side cannot do it, or is gone. */
  ask<N extends keyof SideRequests>(
    name: N,
    request: SideRequests[N]['request'],
  ): Promise<SideRequests[N]['reply']>
  /** Ends the process, and waits until it is gone. */
  close(): Promise<void>
}

/** A program with its arguments, and variables added to the environment. */
export interface SideCommand {
  readonly words: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
}

/** Starts a side. Its messages are kept for the case that it fails. */
export function startSide({ words: [command, ...args], env }: SideCommand): SideProcess {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  let lastWords = ''
  child.stderr.on('data', (chunk: Buffer) => {
    lastWords = `${lastWords}${chunk.toString()}`.slice(-4000)
  })
  child.on('error', (error) => {
    lastWords = error.message
  })
  // A process that is gone is noticed by the replies' end.
  child.stdin.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const replies: AsyncIterator<string> = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(name, request) {
      child.stdin.write(`${JSON.stringify({ name, ...request })}\n`)
      const line = await replies.next()
      if (line.done) {
        await closed
        throw new SideFailure(lastLine(lastWords))
      }
      const reply = JSON.parse(line.value) as SideRequests[typeof name]['reply'] | { readonly error: string }
      if ('error' in reply) throw new SideFailure(reply.error)
      return reply
    },
    async close() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.findLast((line) => line !== '') ?? 'its process ended'
}
