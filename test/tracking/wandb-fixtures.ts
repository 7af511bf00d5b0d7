import path from 'node:path'
import { openWandb, type TrackedRun } from '../../src/tracking/wandb/open-wandb.js'
import { wandbSettings } from '../../src/tracking/wandb/settings.js'

export const KEY = '0123456789012345678901234567890123456789'

/** Quick: what takes seconds in use takes milliseconds here. */
export const timing = {
  interval: 10,
  heartbeat: 200,
  timeout: 2000,
  register: 20_000,
  retry: [10, 50],
} as const

/** Where and how a run is tracked. */
export interface Tracking {
  readonly root: string
  readonly runId: string
  readonly env: NodeJS.ProcessEnv
}

/** A tracked run in `root`, and what it told. */
export function track({ root, runId, env }: Tracking, more: Partial<TrackedRun> = {}) {
  const told: string[] = []
  const tracker = openWandb(wandbSettings({ HOME: root, WANDB_PROJECT: 'films', ...env }, false), {
    runId,
    folder: path.join(root, runId),
    isNew: true,
    config: { lr: 1e-4, dataset: 'toy_town' },
    host: 'here',
    now: Date.now,
    tell: (line) => told.push(line),
    timing,
    ...more,
  })
  if (!tracker) throw new Error(told.join('\n'))
  return { tracker, told }
}

/** Waits until something is so. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}
