import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Optimality } from '../../config/optimality.js'
import { namesIn } from '../../files/names-in.js'
import { runIdentifier, type RunSettings } from '../results/results-layout.js'
import { maybeOfKind, scheduleFiles } from '../results/schedule-files.js'

/**
 * The folder that an optimised schedule is made in. It is the results folder of its scheme; where one of another
 * kind is there, or begun, the one that videos sampled with it go to, `<scheme>_optimal-<kind>_..`. What was begun
 * in either is gone on with.
 * @param parent folder of the results folders
 * @throws UserError if a file that says how a schedule is made cannot be read.
 */
export function scheduleFolder(
  parent: string,
  { optimality, ...run }: RunSettings & { readonly optimality: Optimality },
): string {
  const plain = path.join(parent, runIdentifier(run))
  const own = path.join(parent, runIdentifier({ ...run, optimality }))
  if (!isUsed(plain)) return isUsed(own) ? own : plain
  return maybeOfKind(plain, optimality) ? plain : own
}

/** Where the claims of processes are that are at work on a schedule: it is there as long as they are. */
export const claimsFolder = (folder: string) => path.join(folder, '.optimal_schedule')

/** Whether there is anything of a schedule in a folder, or somebody at work on it. */
function isUsed(folder: string): boolean {
  const { finished, partial } = scheduleFiles(folder)
  const files = [finished, partial].flatMap(({ torch, json }) => [torch, json])
  return files.some((file) => existsSync(file)) || namesIn(claimsFolder(folder)).length > 0
}
