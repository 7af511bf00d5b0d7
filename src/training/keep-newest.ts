import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { savedSets } from './checkpoint-files.js'

/**
 * Removes what a run has saved before its newest complete sets. Leaves all else in the folder alone: what lacks
 * a model or an optimizer state, as where somebody kept only averages, and files of other names. To be called
 * when a set was saved whole: the one that the run was resumed from is then not the newest.
 * @param keep complete sets to keep, at least 1; 0: all
 * @returns the steps removed, oldest first. What cannot be removed stays.
 */
export function keepNewest(folder: string, keep: number, emaRates: readonly number[]): readonly number[] {
  if (keep === 0) return []
  const sets = savedSets(folder, emaRates)
  const oldestKept = sets.filter(({ isComplete }) => isComplete).at(-keep)?.step ?? -Infinity
  const superfluous = sets.filter(({ step }) => step < oldestKept)
  if (superfluous.length > 0) settle(folder)
  for (const { model, files } of superfluous) {
    // First the model, without which a set is none: half of one is never resumed.
    for (const file of [model, ...files]) removeIfPossible(file)
  }
  return superfluous.map(({ step }) => step)
}

/** Lets the disk note the names of the newest set before those of older ones go, should the machine fail. */
function settle(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // The run goes on without the room that this would have made.
  }
}
