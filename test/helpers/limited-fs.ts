import path from 'node:path'
import type * as fs from 'node:fs'

/** A folder that takes so many bytes; none is limited without one. */
export const limit = { folder: '', bytes: Infinity }

/** Node's `fs` with what writes to open files limited, as by a disk of that size: the last write is taken in part. */
export function limitedFs(actual: typeof fs): typeof fs {
  const sizeOf = (place: string): number => {
    const state = actual.lstatSync(place)
    if (!state.isDirectory()) return state.size
    return actual.readdirSync(place).reduce((sum, name) => sum + sizeOf(path.join(place, name)), 0)
  }
  const writeSync = (
    fd: number,
    data: Uint8Array,
    offset = 0,
    length = data.length - offset,
    at?: number,
  ) => {
    const room = limit.folder === '' ? Infinity : limit.bytes - sizeOf(limit.folder)
    if (room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    return actual.writeSync(fd, data, offset, Math.min(length, room), at)
  }
  return { ...actual, writeSync: writeSync as typeof actual.writeSync }
}
