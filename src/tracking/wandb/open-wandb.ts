import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Tracker } from '../tracker.js'
import { fileFailure } from '../../files/file-failure.js'
import { jsonItems } from './json.js'
import { findRunFolder, markOffline, newRunFolder } from './run-folder.js'
import { logEnd, openRunLog } from './run-log.js'
import { SEND_TIMING, type SendTiming } from './send-run.js'
import { startSender, type SenderNews } from './sender.js'
import type { WandbSettings, WandbTarget } from './settings.js'
import { wandbTracker } from './wandb-tracker.js'

/** Milliseconds that a run waits at its end for what W&B has not got yet. */
const PATIENCE = 30_000
/** Milliseconds after which it says so. */
const SAY_WAITING = 2_000

/** A run that is to be tracked. */
export interface TrackedRun {
  readonly runId: string
  /** The run's folder below `checkpoints`. */
  readonly folder: string
  /** Whether it is not one that is resumed. */
  readonly isNew: boolean
  /** All options, and what else is to be said once of a run. */
  readonly config: Readonly<Record<string, unknown>>
  readonly host: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Takes lines for the person at the terminal. */
  readonly tell: (line: string) => void
  readonly timing?: SendTiming
  readonly patience?: number
}

/**
 * Records a run for W&B, and sends what it records if W&B's variables say so.
 * @returns undefined if they do not
 * @throws UserError if its folder cannot be written.
 */
export function openWandb(settings: WandbSettings, run: TrackedRun): Tracker | undefined {
  const { runId, tell, patience = PATIENCE } = run
  if (settings.mode === 'off') {
    tell(`tracking: nothing goes to W&B (${settings.reason})`)
    return undefined
  }
  const offline = settings.mode === 'offline'
  const { folder, log } = openLog(settings, run, offline)
  const place = path.relative('', folder.path)
  const tracker = wandbTracker({
    folder,
    log,
    sender:
      settings.mode === 'online'
        ? startSender({ folder, service: settings.service, timing: run.timing ?? SEND_TIMING }, (news) => {
            const line = newsLine(news, place)
            if (line !== undefined) tell(line)
          })
        : undefined,
    patience,
    onWaiting: (lines) =>
      tell(
        `W&B has not got ${lines} of ${log.lines} lines: send what is in ${place} with: npx fdm sync ${runId}`,
      ),
  })
  if (offline) tell(`tracking: recorded for W&B in ${place}; send it with: wandb sync ${place}`)
  return {
    ...tracker,
    async close(outcome) {
      const timer = setTimeout(
        () => tell(`waiting for W&B, at most ${(patience / 1000).toFixed(0)} seconds`),
        SAY_WAITING,
      )
      try {
        await tracker.close?.(outcome)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function openLog({ entity, project, displayName, dir }: WandbTarget, run: TrackedRun, offline: boolean) {
  const { runId, host, now } = run
  const root = dir ?? run.folder
  try {
    const { folder, resumes, after } = logPlace(root, run, offline)
    const info = { runId, entity, project, displayName, host, startTime: now() }
    const resumed = !run.isNew && !resumes
    const config = jsonItems(run.config)
    return { folder, log: openRunLog({ folder, run: { ...info, resumed, config }, resumes, after, now }) }
  } catch (error) {
    throw fileFailure('write', path.join(root, 'wandb'), error)
  }
}

/**
 * Where a run is recorded: in the folder that it has. If W&B's own program has sent that one, which it would
 * do once more from the beginning, it goes on in a new one.
 */
function logPlace(root: string, { runId, isNew, now }: TrackedRun, offline: boolean) {
  const earlier = isNew ? undefined : findRunFolder(root, runId)
  if (earlier && !existsSync(earlier.synced))
    return { folder: offline ? markOffline(earlier, runId) : earlier, resumes: true, after: undefined }
  const folder = newRunFolder(root, runId, offline, new Date(now()))
  return { folder, resumes: false, after: earlier && logEnd(earlier) }
}

/** What a person is told of sending; undefined for what is of no interest. */
export function newsLine(news: SenderNews, place: string): string | undefined {
  switch (news.kind) {
    case 'registered':
      return `tracking: ${news.url}`
    case 'down':
      return `W&B does not answer (${news.reason}): what is recorded waits in ${place}`
    case 'up':
      return 'W&B answers again'
    case 'busy':
      return "another process sends this run's numbers: waiting until it ends"
    case 'lost media':
      return `W&B did not take ${news.name} (${news.reason}): it stays in ${place}`
    case 'refused':
      return `W&B refuses this run (${news.reason}): what is recorded stays in ${place}`
    case 'fault':
      return `sending to W&B failed, what is recorded stays in ${place}: ${news.reason}`
    default:
      return undefined
  }
}
