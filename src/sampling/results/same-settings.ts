import { asTyped } from '../../config/option.js'
import { UserError } from '../../errors.js'
import type { JsonRecord } from './json-record.js'

/**
 * Makes sure that what is in a folder was made with the same settings as what is to be added. What one of the
 * two records does not say is not compared: other versions have other options.
 * @param what and where: `the samples in results/..`
 * @param names of the settings that count
 * @throws UserError naming the first that differs.
 */
export function requireSameSettings(
  what: string,
  before: JsonRecord,
  now: JsonRecord,
  names: readonly string[] = Object.keys(now),
): void {
  for (const name of names) {
    const [old, present] = [before[name], now[name]]
    if (old === undefined || present === undefined || old === present) continue
    throw new UserError(
      `${what} were made with ${name} ${shown(old)}, these would be with ${name} ` +
        `${shown(present)}: give the same again, or another folder with --eval_dir`,
    )
  }
}

/** As on the command line. */
const shown = (value: unknown) => (value === '' ? '""' : asTyped(value))
