/** The system's code of an error, such as ENOENT; undefined for errors that are not the system's. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}

/** What stood in the way of reading or writing a file, in plain words; undefined for a fault of the program. */
export function fileReason(error: unknown): string | undefined {
  return REASONS[errorCode(error) ?? '']
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its symbolic links lead round in a circle',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'a file is where its folder should be',
  EIO: 'the disk does not answer',
  ESTALE: 'the disk of the network does not know it any more',
  EFBIG: 'it would be larger than the disk or the limit on files allows',
  EMFILE: 'too many files are open (see ulimit -n)',
  ENFILE: 'too many files are open on this machine',
}
