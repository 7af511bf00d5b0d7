import wandb from '@wandb/sdk'
import { parentPort, workerData } from 'node:worker_threads'
import type { Registration } from './register-run.js'

// Run by Node as a thread: see register-run.ts.
const { target, displayName, config, service } = workerData as Registration
const run = await wandb.init({
  id: target.runId,
  project: target.project,
  entity: target.entity,
  ...(displayName && { name: displayName }),
  config,
  settings: { ...service, offline: false, silent: true },
})
parentPort?.postMessage({ ...target, entity: run.entity, project: run.project })
