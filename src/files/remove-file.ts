import { rmSync } from 'node:fs'

/** What a disk that failed did not let go of. */
const left = new Set<string>()

/**
 * Removes a file that nobody needs, after a failure that is the better news: where that fails as well, as on a disk
 * that is away, `removeLeft` tries again.
 */
export function removeOrLater(file: string): void {
  try {
    rmSync(file, { force: true })
    left.delete(file)
  } catch {
    left.add(file)
  }
}

/** Removes what could not be removed before, so that tries in vain do not fill a disk. */
export function removeLeft(): void {
  for (const file of [...left]) removeOrLater(file)
}

/** To be called when a file is there anew, which must stay. */
export function keepAfterAll(file: string): void {
  left.delete(file)
}
