import { createHash } from 'node:crypto'
import path from 'node:path'
import { writeFileAtomic } from '../../files/write-file.js'
import { mediaSize } from '../media-size.js'
import type { Media, Tracker } from '../tracker.js'
import { fileFailure } from '../../files/file-failure.js'
import { jsonItems } from './json.js'
import type { RunFolder } from './run-folder.js'
import type { RunLog } from './run-log.js'
import type { Sender } from './sender.js'

export interface WandbTrackerSetup {
  readonly folder: RunFolder
  readonly log: RunLog
  /** Undefined offline. */
  readonly sender: Sender | undefined
  /** Milliseconds to wait at the end for what is not sent yet. */
  readonly patience: number
  /** Called at the end if something stays on disk: lines that the service has not got. */
  readonly onWaiting: (lines: number) => void
}

/** W&B's `exitcode` of runs that finished, and of those that an error ended. */
const EXIT_CODES = { finished: 0, failed: 1 } as const

/** Puts everything into a run's log at once; a sender, if there is one, brings it from there to W&B. */
export function wandbTracker({ folder, log, sender, patience, onWaiting }: WandbTrackerSetup): Tracker {
  const write = (action: () => void) => {
    try {
      action()
    } catch (error) {
      throw fileFailure('write', folder.path, error)
    }
    sender?.news()
  }
  return {
    log: (step, metrics, age) => write(() => log.record(step, jsonItems(metrics), undefined, age)),
    media: (step, name, media, age) =>
      write(() => {
        const { file, value } = describe(step, name, media)
        writeFileAtomic(path.join(folder.files, file), media.bytes)
        log.record(step, jsonItems({ [name]: value }), file, age)
      }),
    async close(outcome) {
      let failure: Error | undefined
      try {
        write(() => log.close(EXIT_CODES[outcome]))
      } catch (error) {
        failure = error as Error
      }
      // What is on disk is sent all the same.
      const end = (await sender?.close(AbortSignal.timeout(patience))) ?? 'done'
      if (sender && end !== 'done') onWaiting(Math.max(0, log.lines - sender.sent))
      // What made the run fail may be the same full disk, and is the better news.
      if (failure && outcome === 'finished') throw failure
    },
  }
}

/** Where W&B's own programs would put it, and what they would write into the line of numbers. */
function describe(step: number, name: string, media: Media) {
  const { kind, bytes } = media
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const [folder, type] = kind === 'gif' ? ['videos', 'video-file'] : ['images', 'image-file']
  const safeName = name.replace(/[^\w.-]/g, '_')
  const file = `media/${folder}/${safeName}_${step}_${sha256.slice(0, 20)}.${kind}`
  const value = { _type: type, sha256, size: bytes.length, path: file, format: kind, ...mediaSize(media) }
  return { file, value }
}
