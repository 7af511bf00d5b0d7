import { counted } from '../src/counted.js'
import type { ResolvedTrainConfig } from '../src/training/checkpoints/save-checkpoint.js'
import { endedBy } from '../src/training/step/learning-rate.js'
import type { RunStart } from '../src/training/train-run.js'

/** What a run says as it begins: where it is, and what is different about one that goes on. */
export function trainingStart(
  { runId, folder, step, checkpoint, anew, changedData, commonBatch, numParameters }: RunStart,
  config: ResolvedTrainConfig,
): readonly string[] {
  const lines = [`run ${runId} in ${folder}: ${(numParameters / 1e6).toFixed(1)} million parameters`]
  if (checkpoint !== undefined) lines.push(`going on after step ${step} from ${checkpoint}`)
  if (changedData !== undefined) lines.push(`its videos have changed: ${changedData}`)
  const { before, now } = commonBatch
  if (before !== undefined && before !== now)
    lines.push(
      `a batch had ${counted(before, 'video')} over all ranks there and has ${now} now: ` +
        'the order of the videos is another one from here on',
    )
  if (anew.optimizer) lines.push('no state of the optimizer lies beside it: AdamW starts anew')
  for (const rate of anew.averages)
    lines.push(`no average of rate ${rate} lies beside it: it starts as the weights are`)
  const limits = endedBy(config, step).map((name) => `--${name}`)
  if (limits.length > 0) lines.push(`that is its last step already: to go on, raise ${limits.join(' and ')}`)
  return lines
}
