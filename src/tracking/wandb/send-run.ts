import { existsSync } from 'node:fs'
import path from 'node:path'
import type { HistoryFeed } from './history-feed.js'
import { historyFeed } from './history-feed.js'
import { registerRun } from './register-run.js'
import type { RunFolder } from './run-folder.js'
import type { RunTarget } from './run-target.js'
import { readSentState, writeSentState, type SentState } from './sent-state.js'
import { ServiceError, wandbService, type Service } from './service.js'
import { runUrl, type ServiceSettings } from './settings.js'

/** Milliseconds. */
export interface SendTiming {
  /** From one message with numbers to the next. */
  readonly interval: number
  /** Without news, after which the service is told that the run goes on. */
  readonly heartbeat: number
  /** After which a request has failed. */
  readonly timeout: number
  /** After which the library has failed to make a run known; it takes its time. */
  readonly register: number
  /** Before the first and at most before a later try of what failed. */
  readonly retry: readonly [first: number, most: number]
}

export const SEND_TIMING: SendTiming = {
  interval: 5_000,
  heartbeat: 30_000,
  timeout: 30_000,
  register: 60_000,
  retry: [1_000, 60_000],
}

export interface SendTask {
  readonly folder: RunFolder
  readonly service: ServiceSettings
  readonly timing: SendTiming
}

/** What is told of sending. */
export type SendEvent =
  | { readonly kind: 'registered'; readonly url: string }
  /** Lines that the service has now. */
  | { readonly kind: 'sent'; readonly lines: number }
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'up' }
  | { readonly kind: 'lost media'; readonly name: string; readonly reason: string }
  /** The end: everything is sent, or the service does not want it. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }

export interface SendControl {
  /** Whether nothing will be recorded any more. */
  readonly closing: boolean
  /** Waits for news of the log, for the end, or so many milliseconds. */
  news(milliseconds: number): Promise<void>
  /** Waits so many milliseconds, or until the end comes in the meantime. */
  pause(milliseconds: number): Promise<void>
}

/** How often a picture is tried before the numbers after it are sent without it. */
const MEDIA_TRIES = 3

/**
 * Sends a run's log to W&B as it grows, and until it has all of it. Where the service does not answer, it is
 * asked again and again; the log keeps what is not sent. A line that may have arrived already is sent to the
 * same place once more.
 * @param tell called with what happens
 */
export async function sendRun(
  { folder, service: settings, timing }: SendTask,
  control: SendControl,
  tell: (event: SendEvent) => void,
): Promise<void> {
  const service = wandbService(settings, timing.timeout)
  const retry = retrying(timing, control, tell)
  try {
    const { feed, target, state } = await begin(folder, settings, service, timing, retry)
    tell({ kind: 'registered', url: runUrl(settings.baseUrl, target.entity, target.project, target.runId) })
    await sendLines({ folder, service, timing, feed, target }, state, control, retry, tell)
    tell({ kind: 'done' })
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    tell({ kind: 'refused', reason: error.message })
  }
}

type Retry = <R>(attempt: () => Promise<R>) => Promise<R>

/** Finds out where in the service's history this log goes on, and makes the run known. */
async function begin(
  folder: RunFolder,
  settings: ServiceSettings,
  service: Service,
  { register }: SendTiming,
  retry: Retry,
) {
  const found = historyFeed(folder.log, 0)
  if (!found) throw new ServiceError(`${folder.log} does not say which run it is`, true)
  const { run } = found
  const asked = { entity: run.entity, project: run.project, runId: run.runId }
  const status = await retry(() => service.runStatus(asked))
  const name = [settings.baseUrl, run.entity, run.project, run.runId].join('/')
  const known = readSentState(folder.sent, name)
  const state: SentState = known ?? {
    target: name,
    lines: 0,
    // A log of a whole run is the whole history. Where the beginning is elsewhere, it comes after that.
    base: run.resumed ? (status?.historyLines ?? 0) : 0,
    lastStep: run.resumed ? (status?.lastStep ?? -1) : -1,
    dropped: 0,
  }
  // On disk before anything is sent: what decides where lines go must not change when it is sent again.
  writeSentState(folder.sent, state)
  // The last line may have grown since it was sent.
  const lines = state.lines > state.dropped ? state.lines - 1 : state.lines
  const feed = historyFeed(folder.log, lines) ?? found
  const config = Object.fromEntries([
    ...[...feed.config].map(([key, json]) => [key, { value: JSON.parse(json) as unknown }] as const),
    // Without it W&B's own programs take the run for one that has not started, and would not resume it.
    ['_wandb', { value: { t: {} } }] as const,
  ])
  const target = await retry(() =>
    registerRun({ target: asked, displayName: run.displayName, config, service: settings }, register),
  )
  return { feed, target, state: { ...state, lines } }
}

interface Sending {
  readonly folder: RunFolder
  readonly service: Service
  readonly timing: SendTiming
  readonly feed: HistoryFeed
  readonly target: RunTarget
}

async function sendLines(
  { folder, service, timing, feed, target }: Sending,
  start: SentState,
  control: SendControl,
  retry: Retry,
  tell: (event: SendEvent) => void,
): Promise<void> {
  let state = start
  for (;;) {
    const final = control.closing
    const { steps, lines, media, exitCode } = feed.take(final)
    if (lines.length === 0) {
      if (final) {
        if (exitCode !== undefined)
          await retry(() => service.stream(target, { complete: true, exitcode: exitCode }))
        return
      }
      const asleep = performance.now()
      await control.news(timing.heartbeat)
      if (performance.now() - asleep >= timing.heartbeat) await retry(() => service.stream(target, {}))
      continue
    }
    for (const name of media) await sendMedia(name)
    // Numbers of steps that the service had before this log began are not sent twice.
    const first = steps.findIndex((step) => step > state.lastStep)
    const late = first === -1 ? lines.length : first
    const offset = state.base + state.lines - state.dropped
    if (late < lines.length)
      await retry(() =>
        service.stream(target, {
          files: {
            'wandb-history.jsonl': { offset, content: lines.slice(late) },
            'wandb-summary.json': { offset: 0, content: [feed.summary()] },
          },
          ...(media.length > 0 && { uploaded: media }),
        }),
      )
    state = { ...state, lines: state.lines + lines.length, dropped: state.dropped + late }
    writeSentState(folder.sent, state)
    tell({ kind: 'sent', lines: state.lines })
    if (!control.closing) await control.pause(timing.interval)
  }

  async function sendMedia(name: string): Promise<void> {
    if (!existsSync(path.join(folder.files, name))) {
      tell({ kind: 'lost media', name, reason: 'it is no longer there' })
      return
    }
    for (let tries = 1; ; tries++) {
      try {
        await service.upload(target, folder.files, name)
        return
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        // While nothing gets through, this waits: only where the service answers is the picture to blame.
        await retry(() => service.stream(target, {}))
        if (tries < MEDIA_TRIES) continue
        tell({ kind: 'lost media', name, reason: error.message })
        return
      }
    }
  }
}

/** Tries again what fails, with growing pauses, unless the service refuses it. */
function retrying(
  { retry: [first, most] }: SendTiming,
  control: SendControl,
  tell: (event: SendEvent) => void,
): Retry {
  let down = false
  return async (attempt) => {
    for (let pause = first; ; pause = Math.min(most, 2 * pause)) {
      try {
        const result = await attempt()
        if (down) tell({ kind: 'up' })
        down = false
        return result
      } catch (error) {
        if (!(error instanceof ServiceError) || error.refused) throw error
        if (!down) tell({ kind: 'down', reason: error.message })
        down = true
      }
      // Not all runs at the same moment, and not for long where somebody waits for the end.
      const longest = control.closing ? 4 * first : most
      await control.pause(Math.min(pause, longest) * (0.75 + Math.random() / 2))
    }
  }
}
