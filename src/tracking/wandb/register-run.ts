import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { ServiceError } from './service.js'
import type { RunTarget } from './run-target.js'
import type { ServiceSettings } from './settings.js'

export interface Registration {
  readonly target: RunTarget
  readonly displayName: string
  /** As the service wants it: each option as `{value}`. */
  readonly config: Readonly<Record<string, { readonly value: unknown }>>
  readonly service: ServiceSettings
}

/** In plain JavaScript, so that it runs the same from sources and when built. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads')
const { library, target, displayName, config, service } = workerData
const options = { ...target, id: target.runId, config, settings: { ...service, offline: false, silent: true } }
require(library)
  .wandb.init(displayName ? { ...options, name: displayName } : options)
  .then((run) => parentPort.postMessage({ ...target, entity: run.entity, project: run.project }))
`

/**
 * Makes a run known to W&B through its library, or renews its configuration there. In a thread of its own,
 * as the library prints, takes over signals and, where there is no answer, waits for a long time: a thread
 * can be ended.
 * @param timeout milliseconds
 * @returns the run, with the entity that the service chose if none was given
 * @throws ServiceError if the service does not answer, or not as it should.
 */
export function registerRun(registration: Registration, timeout: number): Promise<RunTarget> {
  const library = createRequire(import.meta.url).resolve('@wandb/sdk')
  const thread = new Worker(THREAD, {
    eval: true,
    execArgv: [],
    workerData: { ...registration, library },
    // What the person set for W&B has been read already.
    env: {},
    stdout: true,
    stderr: true,
  })
  let said = ''
  thread.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(0, 2000)))
  thread.stdout.resume()
  return new Promise<RunTarget>((resolve, reject) => {
    const fail = (reason: string) => reject(new ServiceError(reason, false))
    const timer = setTimeout(() => fail('no answer'), timeout)
    thread.once('message', (target: RunTarget) => resolve(target))
    thread.once('error', (error) => fail(firstLine(said) || error.message))
    thread.once('exit', () => fail('the library gave up'))
    thread.once('exit', () => clearTimeout(timer))
  }).finally(() => thread.terminate())
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? ''
