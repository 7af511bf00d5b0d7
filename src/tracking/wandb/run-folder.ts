import { existsSync, renameSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../files/make-folder.js'
import { namesIn } from '../../files/names-in.js'

/** Where W&B keeps a run on disk: `<root>/wandb/[offline-]run-<date>-<run id>`. */
export interface RunFolder {
  readonly path: string
  /** The log of everything that was recorded. */
  readonly log: string
  /** Pictures and videos lie below it. */
  readonly files: string
  /** How far the sender has got. */
  readonly sent: string
  /** What W&B's own program leaves when it has sent the log. */
  readonly synced: string
}

/** The newest folder of a run; undefined if there is none. */
export function findRunFolder(root: string, runId: string): RunFolder | undefined {
  const folders = namesIn(path.join(root, 'wandb'))
    .filter((name) => parseName(name)?.runId === runId)
    .map((name) => runFolderAt(path.join(root, 'wandb', name)))
    .filter((folder) => folder !== undefined)
  const date = ({ path: place }: RunFolder) => parseName(path.basename(place))?.date ?? ''
  return folders.sort((a, b) => (date(a) < date(b) ? -1 : 1)).at(-1)
}

/** The folder of a run by its path; undefined if it is none. */
export function runFolderAt(place: string): RunFolder | undefined {
  const name = parseName(path.basename(place))
  const folder = name && layout(place, name.runId)
  return folder && existsSync(folder.log) ? folder : undefined
}

function parseName(name: string): { readonly date: string; readonly runId: string } | undefined {
  const [, date, runId] = /^(?:offline-)?run-(\d{8}_\d{6})-(.+)$/.exec(name) ?? []
  return date !== undefined && runId !== undefined ? { date, runId } : undefined
}

/** Makes a run's folder, named after the moment it started. */
export function newRunFolder(root: string, runId: string, offline: boolean, startTime: Date): RunFolder {
  for (let time = startTime; ; time = new Date(time.getTime() + 1000)) {
    const place = path.join(root, 'wandb', `${offline ? 'offline-' : ''}run-${stamp(time)}-${runId}`)
    if (existsSync(place)) continue
    makeFolder(path.join(place, 'files'))
    return layout(place, runId)
  }
}

/** Gives a folder the name of one that W&B's program sends when it is asked for all that is not sent yet. */
export function markOffline(folder: RunFolder, runId: string): RunFolder {
  const name = path.basename(folder.path)
  if (name.startsWith('offline-')) return folder
  const place = path.join(path.dirname(folder.path), `offline-${name}`)
  renameSync(folder.path, place)
  return layout(place, runId)
}

function layout(folder: string, runId: string): RunFolder {
  const log = path.join(folder, `run-${runId}.wandb`)
  return {
    path: folder,
    log,
    files: path.join(folder, 'files'),
    sent: path.join(folder, 'sent.json'),
    synced: `${log}.synced`,
  }
}

/** `YYYYMMDD_HHMMSS`, local time. */
function stamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`
  return `${date}_${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`
}
