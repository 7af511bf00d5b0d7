import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { limit } from './limited-fs.js'

/** A disk that takes so many bytes. */
export interface SmallDisk {
  readonly folder: string
  /** Makes it another size. */
  resize(bytes: number): void
  /** Leaves no room on it. */
  fill(): void
  remove(): void
}

/** A disk in memory, or where none may be made, which takes the rights of root, a folder that `limitedFs` limits. */
export function smallDisk(bytes: number): SmallDisk {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-disk-'))
  return diskInMemory(folder, bytes) ?? limitedFolder(folder, bytes)
}

function diskInMemory(folder: string, bytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const run = (program: string, ...words: string[]) => execFileSync(program, words, { stdio: 'ignore' })
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder)
  } catch {
    return undefined
  }
  return {
    folder,
    resize: (size) => run('mount', '-o', `remount,size=${size}`, folder),
    fill: () => fillWith(path.join(folder, 'filler')),
    remove() {
      run('umount', '-l', folder)
      rmdirSync(folder)
    },
  }
}

function limitedFolder(folder: string, bytes: number): SmallDisk {
  Object.assign(limit, { folder, bytes })
  return {
    folder,
    resize: (size) => (limit.bytes = size),
    fill: () => (limit.bytes = 0),
    remove() {
      limit.folder = ''
      rmSync(folder, { recursive: true })
    },
  }
}

/** Takes the last byte there is. */
function fillWith(file: string): void {
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
