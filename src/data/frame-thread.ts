import { parentPort, workerData } from 'node:worker_threads'
import { UserError } from '../errors.js'
import { frameReader, type FrameSource } from './frame-reader.js'

/** What the main thread asks for. */
export interface FrameRequest {
  readonly id: number
  readonly file: string
  readonly frames: readonly number[]
}

/** The answer to the request of the same id. */
export type FrameReply =
  | { readonly id: number; readonly pixels: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly error: string; readonly isUserError: boolean }

// Run by Node as a thread: see read-in-threads.ts.
const read = frameReader(workerData as FrameSource)
parentPort?.on('message', (request: FrameRequest) => {
  void answer(request)
})

async function answer({ id, file, frames }: FrameRequest): Promise<void> {
  try {
    // A copy of their own, as what is given away must not be part of something larger.
    const pixels = Uint8Array.from(await read(file, frames))
    const reply: FrameReply = { id, pixels }
    parentPort?.postMessage(reply, [pixels.buffer])
  } catch (error) {
    const isUserError = error instanceof UserError
    const text =
      error instanceof Error ? (isUserError ? error.message : (error.stack ?? error.message)) : String(error)
    const reply: FrameReply = { id, error: text, isUserError }
    parentPort?.postMessage(reply)
  }
}
