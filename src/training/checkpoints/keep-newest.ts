import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { syncToDisk } from '../../files/sync-to-disk.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { errorCode } from '../../system-errors.js'
import { savedSets } from './checkpoint-files.js'

/**
 * Removes what a run has saved before its newest complete sets. Leaves all else in the folder alone: what lacks
 * a model or an optimizer state, as where somebody kept only averages, and files of other names. To be called
 * when a set was saved whole, or was read to go on from.
 * @param keep complete sets to keep, at least 1; 0: all
 * @returns the steps removed, oldest first. What cannot be removed stays.
 * @throws UserError if the disk fails, with nothing removed.
 */
export function keepNewest(folder: string, keep: number, emaRates: readonly number[]): readonly number[] {
  if (keep === 0) return []
  const sets = savedSets(folder, emaRates)
  const oldestKept = sets.filter(({ isComplete }) => isComplete).at(-keep)?.step ?? -Infinity
  const superfluous = sets.filter(({ step }) => step < oldestKept)
  if (superfluous.length === 0) return []
  // The newest set's names before those of older ones go, should the machine fail.
  syncToDisk(folder)
  // First the models, without which a set is none: half of one is never resumed.
  const files = [...superfluous.map(({ model }) => model), ...superfluous.flatMap((set) => set.files)]
  const names = files.map((file) => path.basename(file))
  try {
    writeFileAtomic(path.join(folder, LIST), JSON.stringify(names))
  } catch (error) {
    // Of a full disk it is what makes room: without a list, all that a killed process would leave is garbage.
    if (!FULL.includes(errorCode((error as Error).cause))) throw error
  }
  remove(folder, names, newestOf(sets))
  return superfluous.map(({ step }) => step)
}

/** Files that are being removed: what a killed process has not come to is garbage, unlike files without a model. */
const LIST = '.removing.json'
/** What disks say that have no room for the list. */
const FULL: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT']

/**
 * Removes what a process was about to when it was killed. Before a run goes on, as it may save these names anew.
 * The newest complete set stays, whatever the list says: those after it may have been damaged and moved away.
 */
export function finishRemoving(folder: string, emaRates: readonly number[]): void {
  const list = path.join(folder, LIST)
  if (!existsSync(list)) return
  remove(folder, listed(list), newestOf(savedSets(folder, emaRates)))
}

type SavedSets = ReturnType<typeof savedSets>

const newestOf = (sets: SavedSets) => sets.findLast(({ isComplete }) => isComplete)

/** @param newest whose files stay */
function remove(folder: string, names: readonly string[], newest: SavedSets[number] | undefined): void {
  for (const name of names) {
    const file = path.join(folder, path.basename(name))
    if (!newest?.files.includes(file)) removeIfPossible(file)
  }
  removeIfPossible(path.join(folder, LIST))
}

/** The names in a list; none of one that a person or a failing disk has changed. */
function listed(list: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(readFileSync(list, 'utf8'))
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
  } catch {
    return []
  }
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // The run goes on without the room that this would have made.
  }
}
