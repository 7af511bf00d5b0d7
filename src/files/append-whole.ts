import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { writeFully } from './write-file.js'

/**
 * What appends to a file, all or nothing: the part that a full disk took goes again, at the latest before
 * something else is appended. The file is made with the first piece.
 * @throws the system's error if it cannot be written; the same piece may then be tried again.
 */
export function wholeAppender(file: string): (piece: Uint8Array) => void {
  /** Where a piece begins that was not written whole. */
  let torn: number | undefined
  return (piece) => {
    const fd = openSync(file, 'a')
    let isOpen = true
    try {
      const { size } = fstatSync(fd)
      const start = Math.min(size, torn ?? size)
      if (start < size) ftruncateSync(fd, start)
      torn = start
      writeFully(fd, piece)
      // What disks of the network did not take some of them say only now.
      isOpen = false
      closeSync(fd)
      torn = undefined
    } catch (error) {
      if (isOpen && torn !== undefined) cut(fd, torn)
      if (isOpen) closeQuietly(fd)
      throw error
    }
  }
}

function cut(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size)
  } catch {
    // Before the next piece, then.
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // What went wrong before is the news.
  }
}
