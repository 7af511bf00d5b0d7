import { Worker } from 'node:worker_threads'
import { UserError } from '../errors.js'
import type { VideoDataset } from './dataset.js'
import { readThrough } from './file-dataset.js'
import type { FrameReader, FrameSource } from './frame-reader.js'
import type { FrameReply, FrameRequest } from './frame-thread.js'

export interface ThreadedDataset {
  /** The same videos; its frames are read while this thread is at work with something else. */
  readonly dataset: VideoDataset
  /** Ends the threads. What they were asked for is never answered. */
  close(): Promise<void>
}

/**
 * Lets threads read a data set's frames. They are started as they are needed.
 * @param threads the most there may be; 0, or a data set that is not one of files: frames are read right here
 */
export function readInThreads(dataset: VideoDataset, threads: number): ThreadedDataset {
  const pool: Thread[] = []
  const threaded =
    threads === 0
      ? undefined
      : readThrough(dataset, (source): FrameReader => (file, frames) => {
          let thread = pool.toSorted((a, b) => a.load - b.load)[0]
          if (!thread || (thread.load > 0 && pool.length < threads)) {
            thread = new Thread(source)
            pool.push(thread)
          }
          // At once, however long its queue: this thread may have no time to hand out work later.
          return thread.read(file, frames)
        })
  return {
    dataset: threaded ?? dataset,
    close: async () => {
      await Promise.all(pool.map((thread) => thread.close()))
    },
  }
}

interface Waiting {
  readonly resolve: (pixels: Uint8Array) => void
  readonly reject: (error: Error) => void
}

class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0
  #end: Error | undefined

  constructor(source: FrameSource) {
    this.#worker = new Worker(new URL('./frame-thread.js', import.meta.url), { workerData: source })
    this.#worker.on('message', (reply: FrameReply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#fail(error))
  }

  /** Requests that are not answered yet. */
  get load(): number {
    return this.#waiting.size
  }

  read(file: string, frames: readonly number[]): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end)
        return
      }
      const id = this.#requests++
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, file, frames } satisfies FrameRequest)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(reply: FrameReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('pixels' in reply) waiting?.resolve(reply.pixels)
    else waiting?.reject(reply.isUserError ? new UserError(reply.error) : new Error(reply.error))
  }

  /** A thread ends by itself only through a fault of the program. */
  #fail(error: Error): void {
    this.#end = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
