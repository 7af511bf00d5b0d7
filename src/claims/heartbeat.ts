import { Worker } from 'node:worker_threads'

/** Touches files at regular times, to show that this process is alive. */
export interface Heartbeat {
  add(file: string): void
  remove(file: string): void
  stop(): Promise<void>
}

/**
 * In a thread of its own, because a denoising step of a large network keeps the main one busy for longer
 * than others should wait. In plain JavaScript, so that it runs the same from sources and when built.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads')
const { utimesSync } = require('node:fs')
const files = new Set()
parentPort.on('message', ({ add, remove }) => {
  if (add) files.add(add)
  else files.delete(remove)
})
setInterval(() => {
  const now = new Date()
  for (const file of files) {
    try {
      utimesSync(file, now, now)
    } catch {
      // Released or taken over: the main thread finds out by itself.
    }
  }
}, workerData)
`

/**
 * @param interval milliseconds between two touches
 */
export function startHeartbeat(interval: number): Heartbeat {
  const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: interval })
  thread.unref()
  // Where the system has no room for a thread: others take over, which whoever has the claim finds out.
  thread.on('error', () => undefined)
  return {
    add: (file) => thread.postMessage({ add: file }),
    remove: (file) => thread.postMessage({ remove: file }),
    async stop() {
      await thread.terminate()
    },
  }
}
