import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Optimality } from '../../config/optimality.js'
import { UserError } from '../../errors.js'
import { optimisedScheme, requireFixed } from '../../schemes/optimised-scheme.js'
import type { SamplingScheme, SchemeSettings } from '../../schemes/types.js'
import { runIdentifier } from './results-layout.js'
import { maybeOfKind, readFoundSchedule, readSchedule, scheduleFiles } from './schedule-files.js'

/** Which optimised schedule is meant, and where it may be. */
export interface ScheduleSearch {
  readonly optimality: Optimality
  /** The file, if it is named. */
  readonly file?: string | undefined
  readonly scheme: SamplingScheme
  readonly settings: SchemeSettings
  /** Folders that results folders of schemes lie in, the likeliest first. */
  readonly parents: readonly string[]
}

export interface FoundSchedule {
  /** Samples what the scheme does, conditioned on the schedule's frames. */
  readonly scheme: SamplingScheme
  /** Tells the schedule from others. */
  readonly digest: string
}

/**
 * Finds and reads an optimised schedule: `optimal_schedule.pt`, or else `.json`, in the results folder of its
 * scheme, or in the one with `_optimal-<kind>` in its name: it is made there where one of another kind is in the
 * former, and the original makes all there.
 * @throws UserError if there is none, or it does not fit scheme and settings.
 */
export function findSchedule({ optimality, file, scheme, settings, parents }: ScheduleSearch): FoundSchedule {
  requireFixed(scheme)
  const folders = [undefined, optimality].flatMap((kind) => {
    const run = runIdentifier({ scheme: scheme.name, settings, ...(kind && { optimality: kind }) })
    return parents.map((parent) => path.join(parent, run))
  })
  const found = file ?? folders.flatMap((folder) => scheduleIn(folder, optimality)).at(0)
  if (found === undefined)
    throw new UserError(
      `there is no optimised schedule (${optimality}) in ${folders[0] ?? '.'}, nor in ` +
        `${path.basename(folders.at(-1) ?? '.')} beside it: make it with npx fdm optimal-schedule and the same ` +
        'settings, or name a file with --optimal_schedule',
    )
  const stages = file === undefined ? readFoundSchedule(found) : readSchedule(found)
  const optimised = optimisedScheme(scheme, { source: found, stages })
  const frames = optimised.stages(settings)
  const content = JSON.stringify([...frames].map(({ observed }) => observed))
  return { scheme: optimised, digest: createHash('sha256').update(content).digest('hex').slice(0, 16) }
}

/** The schedule in a folder, unless it says itself that it is of another kind. */
function scheduleIn(folder: string, optimality: Optimality): string[] {
  const { finished } = scheduleFiles(folder)
  if (!maybeOfKind(folder, optimality)) return []
  return [finished.torch, finished.json].filter((file) => existsSync(file)).slice(0, 1)
}
