import path from 'node:path'
import type * as fs from 'node:fs'

/** A folder that takes so many bytes; none is limited without one. */
export const limit = { folder: '', bytes: Infinity }

/** The real one, in whose place `limitedFs` may stand. */
const real = process.getBuiltinModule('node:fs')

const sizeOf = (place: string): number => {
  const state = real.lstatSync(place)
  if (!state.isDirectory()) return state.size
  return real.readdirSync(place).reduce((sum, name) => sum + sizeOf(path.join(place, name)), 0)
}

/** Limits a folder to what is in it and so many bytes more. */
export function leaveRoom(folder: string, bytes: number): void {
  Object.assign(limit, { folder, bytes: sizeOf(folder) + bytes })
}

/**
 * Node's `fs` with what writes to open files limited, as by a disk of that size: the last write is taken in part, and
 * what a file has already may be written over.
 */
export function limitedFs(actual: typeof fs): typeof fs {
  const writeSync = (
    fd: number,
    content: Uint8Array | string,
    offset = 0,
    length = content.length - offset,
    at?: number | null,
  ) => {
    const data = typeof content === 'string' ? Buffer.from(content) : content
    const { size } = real.fstatSync(fd)
    const room = limit.folder === '' ? Infinity : limit.bytes - sizeOf(limit.folder)
    const most = Math.max(0, room) + Math.max(0, size - (at ?? size))
    if (most === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    return real.writeSync(fd, data, offset, Math.min(length, most), at)
  }
  return { ...actual, writeSync: writeSync as typeof actual.writeSync }
}
