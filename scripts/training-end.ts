import type { TrainingOutcome } from './run-training.js'
import { shellWord } from './shell-word.js'

/**
 * What a run that came to an end says: where it stopped, and what to do next.
 * @param isNew whether it began under an id of its own: then there is nothing to go on with unless it saved
 */
export function trainingEnd(
  { runId, step, isLast, saved, endedBy }: TrainingOutcome,
  isNew: boolean,
): string[] {
  if (!saved && isNew)
    return [`stopped after step ${step}: no step was done in run ${runId}, nothing is saved`]
  const resume = `npx fdm train --resume_id ${shellWord(runId)}`
  const larger = endedBy.map((name) => ` --${name} <step>`).join('')
  const goOn = isLast
    ? `step ${step} was the last; go on to a larger step with: ${resume}${larger}`
    : `stopped after step ${step}; go on with: ${resume}`
  if (!saved) return [goOn]
  const model = saved.ema[0] ?? saved.model
  return [goOn, `sample with: npx fdm sample ${shellWord(model)} --sampling_scheme autoreg`]
}
