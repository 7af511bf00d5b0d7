import { hostname } from 'node:os'
import path from 'node:path'
import { runtimeOptions } from '../src/config/runtime-options.js'
import { counted } from '../src/counted.js'
import type { RankPlace } from '../src/ranks/launcher.js'
import { heldMemory } from '../src/runtime/held-memory.js'
import { startRuntime } from '../src/runtime/start.js'
import { eventFile } from '../src/tracking/tensorboard/event-file.js'
import { openWandb } from '../src/tracking/wandb/open-wandb.js'
import { wandbSettings } from '../src/tracking/wandb/settings.js'
import { badStepLine } from '../src/training/bad-steps/bad-step-report.js'
import type { Preview } from '../src/training/previews/sample-preview.js'
import { endedBy } from '../src/training/step/learning-rate.js'
import { train } from '../src/training/train.js'
import type { RunResult } from '../src/training/train-run.js'
import { chosenConfig, RUNS } from './chosen-config.js'
import { diskLine } from './disk-line.js'
import { joinRanks } from './join-ranks.js'
import { openConfigDataset } from './open-dataset.js'
import { OTHER_PROCESS } from './other-process.js'
import { silentTerminal, type Terminal } from './terminal.js'
import { trainingBars } from './training-bars.js'
import { trainingLine } from './training-line.js'
import { trainingStart } from './training-start.js'
import { writePreview } from './write-preview.js'

export interface TrainingRequest {
  /** Options of `train`, without defaults. */
  readonly given: Readonly<Record<string, unknown>>
  /** The folder of a new run below `checkpoints`. */
  readonly newRunId: string
  /** Whether that may be one that was stopped before it saved anything. */
  readonly startsOver?: boolean
  /** Prints the configuration and stops there. */
  readonly dryRun: boolean
  /** Whether videos are sampled now and then. */
  readonly previews: boolean
  /** This process's place, if it is one of several that train together. */
  readonly place?: RankPlace | undefined
}

export interface TrainingOutcome extends RunResult {
  /** The options that keep the run from going on. */
  readonly endedBy: readonly string[]
}

/**
 * Trains with a bar, lines of numbers and, if asked for, pictures: what `train` and the demo share.
 * @throws UserError for options, data or files that do not work.
 */
export async function runTraining(
  { given, newRunId: ownRunId, startsOver = false, dryRun, previews, place }: TrainingRequest,
  ownTerminal: Terminal,
): Promise<TrainingOutcome | undefined> {
  const isFirst = place === undefined || place.rank === 0
  const terminal = isFirst ? ownTerminal : silentTerminal(ownTerminal)
  const own = isFirst ? { config: chosenConfig(given, terminal), newRunId: ownRunId } : undefined
  if (dryRun) return undefined
  // Rank 0 decides: the others need no checkpoint.
  const joined = place && (await joinRanks(place, own, terminal.signal))
  const { config, newRunId } = joined?.message ?? own ?? never()
  const tracking = wandbSettings(process.env, config.unobserve)
  const dataset = await openConfigDataset(config, 'train', terminal)
  const runtime = await startRuntime({
    ...runtimeOptions(config),
    ...joined?.runtime,
  })
  await joined?.ready()
  terminal.log(runtime.description + (place ? `; ${counted(place.size, 'rank')}` : ''))
  const bars = trainingBars(terminal)
  let lastSaved: number | undefined
  try {
    const result = await train({
      config,
      dataset,
      newRunId,
      startsOver,
      root: RUNS,
      now: () => performance.now(),
      measure: heldMemory,
      signal: terminal.signal,
      ranks: joined?.group,
      onOther: () => terminal.log(OTHER_PROCESS),
      trackers: [
        {
          log: (step, metrics) => {
            const line = trainingLine(step, metrics)
            if (line !== undefined) terminal.log(line)
          },
        },
      ],
      openTrackers: ({ runId, isNew: isNewRun, startsOver, folder, logFile, lastLine, numParameters }) => {
        const isNew = isNewRun && !startsOver
        // First: it may fail, and holds nothing that would have to be closed if the other does.
        const events = eventFile(path.dirname(logFile), isNew ? undefined : lastLine, Date.now)
        const wandb = openWandb(tracking, {
          runId,
          folder,
          isNew,
          host: hostname(),
          now: Date.now,
          tell: (line) => terminal.log(line),
          config: { ...config, num_parameters: numParameters },
        })
        return wandb ? [events, wandb] : [events]
      },
      onStart: (start) => {
        // What a new run starts from lies elsewhere.
        if (start.checkpoint !== undefined && !config.resume_checkpoint) lastSaved = start.step
        for (const line of trainingStart(start, config)) terminal.log(line)
      },
      onStep: (step, total, loss) => bars.training(step, total ?? step, `loss ${loss.toFixed(4)}`),
      onBadStep: (bad) => terminal.log(badStepLine(bad)),
      onDisk: (news) => terminal.log(diskLine(news)),
      onSave: ({ ema, model }, step) => {
        lastSaved = step
        terminal.log(`step ${step} saved: ${ema[0] ?? model}`)
      },
      ...(previews && {
        onSampleStep: bars.sampling,
        onSample: (preview: Preview, step: number) => {
          const name = path.join('results', newRunId, 'previews', `step${String(step).padStart(6, '0')}`)
          writePreview(name, preview)
          terminal.log(`step ${step} sampled: ${name}.gif, and what it attended to beside it`)
        },
      }),
    })
    return { ...result, endedBy: endedBy(config, result.step) }
  } catch (error) {
    if (lastSaved !== undefined)
      terminal.log(`step ${lastSaved} is saved; go on from it with: npx fdm train --resume_id ${newRunId}`)
    throw error
  } finally {
    bars.stop()
  }
}

function never(): never {
  throw new Error('there is no configuration')
}
