import { closeSync, fsyncSync, openSync } from 'node:fs'
import { errorCode } from '../system-errors.js'
import { describeWriteError } from './write-file.js'

/** What systems say that cannot do this for a folder, as some disks of the network. */
const CANNOT: readonly (string | undefined)[] = [
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EBADF',
  'EISDIR',
]

/**
 * Waits until the disk has what was written to a file, or the names in a folder, should the machine fail: what
 * is renamed is whole for other processes at once, but only then for good.
 * @throws UserError naming the place if the disk fails.
 */
export function syncToDisk(place: string): void {
  try {
    const fd = openSync(place, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!CANNOT.includes(errorCode(error))) throw describeWriteError(place, error)
  }
}
