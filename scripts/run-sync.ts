import path from 'node:path'
import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import { findRunFolder, runFolderAt, type RunFolder } from '../src/tracking/wandb/run-folder.js'
import { newsLine } from '../src/tracking/wandb/open-wandb.js'
import { SEND_TIMING, type SendTiming } from '../src/tracking/wandb/send-run.js'
import { startSender } from '../src/tracking/wandb/sender.js'
import { serviceSettings } from '../src/tracking/wandb/settings.js'
import { variable } from '../src/tracking/wandb/variable.js'
import type { Terminal } from './terminal.js'

/** Milliseconds without an answer, or while another process sends the run, after which it is given up. */
const PATIENCE = 60_000

/**
 * Sends what is recorded of a run to W&B.
 * @param run its id, or the path of its W&B folder
 * @throws UserError if there is none, or W&B does not take it.
 */
export async function runSync(
  run: string,
  env: NodeJS.ProcessEnv,
  terminal: Pick<Terminal, 'log' | 'signal'>,
  { timing = SEND_TIMING, patience = PATIENCE }: { timing?: SendTiming; patience?: number } = {},
): Promise<void> {
  const folder = folderOf(run, env)
  const service = serviceSettings(env)
  if ('reason' in service) throw new UserError(`W&B needs a key: ${service.reason}`)
  const place = path.relative('', folder.path)
  const giveUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let reason = ''
  const sender = startSender({ folder, service, timing }, (news) => {
    const line = newsLine(news, place)
    if (line !== undefined) terminal.log(line)
    clearTimeout(timer)
    if (news.kind === 'refused' || news.kind === 'fault') reason = news.reason
    if (news.kind !== 'down' && news.kind !== 'busy') return
    reason = news.kind === 'down' ? news.reason : 'another process sends it'
    timer = setTimeout(() => giveUp.abort(), patience)
  })
  terminal.signal.addEventListener('abort', () => giveUp.abort())
  const end = await sender.close(giveUp.signal)
  clearTimeout(timer)
  terminal.signal.throwIfAborted()
  if (end !== 'done')
    throw new UserError(`${place} is not all sent (${reason}): nothing is lost, try again later`)
  terminal.log(`${place} is sent: ${counted(sender.sent, 'line')}`)
}

function folderOf(run: string, env: NodeJS.ProcessEnv): RunFolder {
  const folder = runFolderAt(run)
  if (folder) return folder
  const root = variable(env, 'WANDB_DIR') ?? path.join('checkpoints', run)
  const found = findRunFolder(root, run)
  if (found) return found
  throw new UserError(
    `nothing is recorded of a run ${run} in ${path.join(root, 'wandb')}: give its id, or the path of a folder [offline-]run-..`,
  )
}
