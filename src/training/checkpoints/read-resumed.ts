import path from 'node:path'
import type { ResumeSource } from '../../config/training.js'
import { withAdvice } from '../../with-advice.js'
import { savedSets } from './checkpoint-files.js'

/**
 * How to read a file of the set that a run goes on from: if it is damaged, as one that a killed program was
 * writing, the message says how to go on from the set before, where there is one.
 * @param model the set's
 */
export function readResumed(
  source: ResumeSource,
  model: string,
  rates: readonly number[],
): <R>(read: () => R) => R {
  if (!('runId' in source)) return (read) => read()
  const sets = savedSets(path.dirname(model), rates).filter(({ isComplete }) => isComplete)
  const at = sets.findIndex((set) => set.model === model)
  const [before, damaged] = [sets[at - 1], sets[at]]
  if (!before || !damaged) return (read) => read()
  const advice = `move the files of step ${damaged.step} away to resume from those of step ${before.step}`
  return (read) => withAdvice(advice, read)
}
