import { rmSync } from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RunFolder } from './run-folder.js'
import type { SendEvent, SendTask } from './send-run.js'

export type SenderMessage = 'news' | 'close'
export type SenderReply = SendEvent | { readonly kind: 'locked' } | { readonly kind: 'busy' }

/** What the thread tells, or that it failed. */
export type SenderNews = SenderReply | { readonly kind: 'fault'; readonly reason: string }

/** How sending ended: `waiting`, that the service has not got all of it yet. */
export type SendEnd = 'done' | 'refused' | 'waiting'

/** A thread that sends a run's log while this one is at work with something else. */
export interface Sender {
  /** Lines that the service has. */
  readonly sent: number
  /** Says that the log has grown. Returns at once. */
  news(): void
  /**
   * Says that the log is complete and waits until all of it is sent.
   * @param giveUp after which what is not sent stays on disk
   */
  close(giveUp: AbortSignal): Promise<SendEnd>
}

/** Where the thread that sends a log says that it does. */
export const senderLock = (folder: RunFolder) => path.join(folder.path, 'sender.lock')

/**
 * @param tell called with what happens, in this thread, whenever it has time
 */
export function startSender(task: SendTask, tell: (news: SenderNews) => void): Sender {
  const thread = new Worker(new URL('./sender-thread.js', import.meta.url), { workerData: task })
  thread.unref()
  let sent = 0
  let end: SendEnd | undefined
  let locked = false
  let ended: () => void
  const over = new Promise<void>((resolve) => (ended = resolve))
  thread.on('message', (reply: SenderReply) => {
    if (reply.kind === 'sent') sent = reply.lines
    if (reply.kind === 'locked') locked = true
    if (reply.kind === 'done' || reply.kind === 'refused') end = reply.kind
    tell(reply)
  })
  // A fault of sending must not end a training run: the log has everything.
  thread.on('error', (error) => tell({ kind: 'fault', reason: error.stack ?? error.message }))
  thread.on('exit', () => ended())
  return {
    get sent() {
      return sent
    },
    news: () => thread.postMessage('news' satisfies SenderMessage),
    async close(giveUp) {
      thread.ref()
      thread.postMessage('close' satisfies SenderMessage)
      const late = new Promise<void>((resolve) => {
        if (giveUp.aborted) resolve()
        giveUp.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([over, late])
      await thread.terminate()
      // The thread is gone: the next sender need not wait for its lock to grow old.
      if (locked) rmSync(senderLock(task.folder), { recursive: true, force: true })
      return end ?? 'waiting'
    },
  }
}
