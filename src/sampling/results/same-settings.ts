import { asTyped } from '../../config/option.js'
import { UserError } from '../../errors.js'
import type { JsonRecord } from './json-record.js'

/** The setting that tells the data set: see `firstVideoDigest`. */
export const FIRST_VIDEO = 'first_video'

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
    if (name === FIRST_VIDEO)
      throw new UserError(
        `${what} were made of other videos, of which the first is not the same: give that data set again with ` +
          '--data_dir, or another folder with --eval_dir',
      )
    throw new UserError(
      `${what} were made with ${name} ${shown(old)}, these would be with ${name} ` +
        `${shown(present)}: give the same again, or another folder with --eval_dir`,
    )
  }
}

/** Whether some of the settings are known now that the record from before does not say. */
export function isNews(
  before: JsonRecord,
  now: JsonRecord,
  names: readonly string[] = Object.keys(now),
): boolean {
  return names.some((name) => before[name] === undefined && now[name] !== undefined)
}

/** As on the command line. */
const shown = (value: unknown) => (value === '' ? '""' : asTyped(value))
