import { readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { wholeAppender } from '../../files/append-whole.js'
import { expectCount, expectText } from '../../expect.js'
import { makeFolder } from '../../files/make-folder.js'
import type { Tracker } from '../tracker.js'
import { fileFailure } from '../../files/file-failure.js'
import { imageEvent, restartEvent, scalarsEvent, versionEvent } from './event.js'
import { tfRecord } from './tf-record.js'

/**
 * An event file of TensorBoard's, for `trackers` or `openTrackers` of `train`. A resumed run starts a new one, which
 * takes back what the older ones have after the line that it goes on from.
 * @param folder made if it is not there
 * @param lastLine step of the last line that a resumed run goes on from; undefined (default) for a new run
 * @param now milliseconds since 1970. Default: `Date.now`
 * @throws UserError if it cannot be written.
 */
export function eventFile(folder: string, lastLine?: number, now: () => number = Date.now): Tracker {
  expectText('eventFile takes the path of a folder', folder)
  if (lastLine !== undefined) expectCount('eventFile takes as lastLine a step, an integer', lastLine, 0)
  const file = newFile(folder, now())
  const append = wholeAppender(file)
  const write = (event: Uint8Array) => {
    try {
      append(tfRecord(event))
    } catch (error) {
      throw fileFailure('write', file, error)
    }
  }
  const wallTime = (age = 0) => (now() - age) / 1000
  write(versionEvent(wallTime()))
  if (lastLine !== undefined) write(restartEvent(wallTime(), lastLine + 1))
  return {
    log: (step, metrics, age) => write(scalarsEvent(wallTime(age), step, metrics)),
    media: (step, name, media, age) => write(imageEvent(wallTime(age), step, name, media)),
  }
}

/** TensorBoard reads a folder's files in the order of their names: this one comes after those that are there. */
function newFile(folder: string, time: number): string {
  try {
    makeFolder(folder)
    const times = readdirSync(folder).flatMap((name) => {
      const match = /^events\.out\.tfevents\.(\d+)\./.exec(name)
      return match ? [Number(match[1]) + 1] : []
    })
    const seconds = String(Math.max(Math.floor(time / 1000), ...times)).padStart(10, '0')
    return path.join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.0`)
  } catch (error) {
    throw fileFailure('write', folder, error)
  }
}
