import { createReadStream, existsSync, futimesSync, statSync } from 'node:fs'
import path from 'node:path'
import { streamFileAtomic, writeFully } from '../files/write-file.js'

/**
 * Copies files to a fast local disk on first use. A file below `root` keeps its place relative to it
 * (`<dataRoot>/datasets/...`), any other its whole path. A copy is taken as it is while size and time of
 * change are those of its source. Several processes may copy the same file: each finishes its own copy,
 * and a copy appears whole.
 * @param dataRoot where copies go; without it, files are read where they are
 * @returns the path to read a file from
 */
export function localCopies(dataRoot: string | undefined, root: string): (file: string) => Promise<string> {
  if (!dataRoot) return (file) => Promise.resolve(file)
  const target = path.resolve(dataRoot)
  return async (file) => {
    const copy = path.join(target, placeBelow(path.resolve(root), path.resolve(file)))
    if (copy !== path.resolve(file) && !isCurrent(copy, file)) await copyFile(file, copy)
    return copy
  }
}

function placeBelow(root: string, file: string): string {
  const relative = path.relative(root, file)
  const isInside = !relative.startsWith('..') && !path.isAbsolute(relative)
  return isInside ? relative : path.relative(path.parse(file).root, file)
}

function isCurrent(copy: string, source: string): boolean {
  if (!existsSync(copy)) return false
  const [a, b] = [statSync(copy), statSync(source)]
  // File systems keep times at different resolutions: whole seconds are common to all.
  return a.size === b.size && Math.floor(a.mtimeMs / 1000) === Math.floor(b.mtimeMs / 1000)
}

async function copyFile(source: string, copy: string): Promise<void> {
  const { atime, mtime } = statSync(source)
  await streamFileAtomic(copy, async (fd) => {
    for await (const chunk of createReadStream(source)) writeFully(fd, chunk as Buffer)
    futimesSync(fd, atime, mtime)
  })
}
