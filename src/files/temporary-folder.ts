import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { UserError } from '../errors.js'
import { fileReason } from '../system-errors.js'

/**
 * Makes a folder of one's own where the system keeps temporary files. The caller removes it.
 * @throws UserError naming that place if it takes none.
 */
export function temporaryFolder(prefix: string): string {
  const place = tmpdir()
  try {
    return mkdtempSync(path.join(place, prefix))
  } catch (error) {
    const reason = fileReason(error)
    if (reason === undefined) throw error
    throw new UserError(
      `no temporary files can be made in ${place}: ${reason}; name another place with the variable TMPDIR`,
      { cause: error },
    )
  }
}
