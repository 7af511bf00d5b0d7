import { lock } from 'proper-lockfile'
import { parentPort, workerData } from 'node:worker_threads'
import { errorCode } from '../../system-errors.js'
import { senderLock, type SenderMessage, type SenderReply } from './sender.js'
import { sendRun, type SendControl, type SendTask } from './send-run.js'

/** Milliseconds without a sign of life after which a sender's lock is another's. */
const STALE = 10_000

// Run by Node as a thread: see sender.ts.
const task = workerData as SendTask
const tell = (reply: SenderReply) => parentPort?.postMessage(reply)
const control = mailbox()
await takeLock()
await sendRun(task, control, tell)
parentPort?.close()

/** Two processes that send the same log, such as one that was stopped and one that goes on, take turns. */
async function takeLock(): Promise<void> {
  const path = task.folder.path
  for (let waited = false; ; waited = true) {
    try {
      await lock(path, { lockfilePath: senderLock(task.folder), stale: STALE, update: STALE / 5 })
      tell({ kind: 'locked' })
      return
    } catch (error) {
      if (errorCode(error) !== 'ELOCKED') throw error
      if (!waited) tell({ kind: 'busy' })
      await new Promise((resolve) => setTimeout(resolve, task.timing.retry[0]))
    }
  }
}

/** What the main thread says, to be waited for. */
function mailbox(): SendControl {
  let [closing, hasNews] = [false, false]
  let wake: { readonly news: boolean; readonly resolve: () => void } | undefined
  parentPort?.on('message', (message: SenderMessage) => {
    if (message === 'close') closing = true
    hasNews = true
    if (wake?.news || message === 'close') wake?.resolve()
  })
  const wait = async (milliseconds: number, news: boolean) => {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds)
      wake = { news, resolve }
    })
    clearTimeout(timer)
    wake = undefined
  }
  return {
    get closing() {
      return closing
    },
    async news(milliseconds) {
      if (!hasNews && !closing) await wait(milliseconds, true)
      hasNews = false
    },
    pause: (milliseconds) => wait(milliseconds, false),
  }
}
