import { emaRates } from '../config/training.js'
import { waitForRanks } from '../runtime/rank-group.js'
import { checkFinite } from './bad-steps/check-finite.js'
import { batchVideos } from './batches/batch-videos.js'
import { saveOnFirstRank } from './checkpoints/save-on-first-rank.js'
import type { LoopSetup } from './loop.js'
import type { RunOutput } from './run-output.js'
import type { RunParts } from './run-parts.js'
import { checkSameParameters } from './step/check-same-parameters.js'
import type { ResolvedTrainRun } from './train-run.js'

/**
 * What the loop of a run works with. Of several ranks all save and sample at the same steps, those without an
 * output too: they wait for the first.
 * @param output of several ranks the first has it
 */
export function loopSetup(
  run: ResolvedTrainRun,
  { trainer, diffusion, start, means, badSteps, sampledAt }: RunParts,
  output: RunOutput | undefined,
  batches: LoopSetup['batches'],
): LoopSetup {
  const { config, dataset, ranks, now = () => performance.now(), measure, signal, onStep } = run
  const save: LoopSetup['save'] = async (progress, asked) => {
    if (ranks) await checkSameParameters(ranks, trainer.state.params, trainer.step)
    await checkFinite(trainer.state, emaRates(config), trainer.step)
    const saveHere = async () => (await output?.save(progress, asked)) ?? 0
    return ranks ? saveOnFirstRank(ranks, trainer.step, saveHere) : saveHere()
  }
  const sample = async () => {
    const isDone = output ? await output.sample() : true
    if (ranks) await waitForRanks(ranks)
    return isDone
  }
  return {
    ...{ config, trainer, batches, means, badSteps, sampledAt, now, measure, signal, onStep, save },
    videosOf: batchVideos(dataset, config, ranks?.size ?? 1),
    numTimesteps: diffusion.numTimesteps,
    batchSize: start.commonBatch.now,
    lastLine: start.lastLine,
    trackers: output?.trackers ?? [],
    onBadStep: output?.noteBadStep,
    withOthers: ranks !== undefined,
    sample: run.onSample && sample,
  }
}
