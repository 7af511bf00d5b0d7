import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A disk in memory that takes so many bytes. */
export interface SmallDisk {
  readonly folder: string
  /** Makes it another size. */
  resize(bytes: number): void
  remove(): void
}

/** @returns undefined where it may not be made: that takes the rights of root, and Linux. */
export function smallDisk(bytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-disk-'))
  const run = (program: string, ...words: string[]) => execFileSync(program, words, { stdio: 'ignore' })
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder)
  } catch {
    rmdirSync(folder)
    return undefined
  }
  return {
    folder,
    resize: (size) => run('mount', '-o', `remount,size=${size}`, folder),
    remove() {
      run('umount', '-l', folder)
      rmdirSync(folder)
    },
  }
}

/** Fills a disk to its last byte with a file. */
export function fill(file: string): void {
  const fd = openSync(file, 'w')
  try {
    for (let size = 2 ** 20; size >= 1;) {
      try {
        if (writeSync(fd, Buffer.alloc(size)) < size) size = Math.floor(size / 2)
      } catch {
        size = Math.floor(size / 2)
      }
    }
  } finally {
    closeSync(fd)
  }
}
