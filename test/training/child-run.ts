import { startRuntime, type Backend } from '../../src/runtime/start.js'
import { train } from '../../src/training/train.js'
import { fakeDataset, smallConfig } from './fixtures.js'

/** A training run in a process of its own, told what to do by JSON in its environment. */
export interface ChildRun {
  readonly backend: Backend
  readonly root: string
  readonly runId: string
  readonly config: Parameters<typeof smallConfig>[0]
}

const { backend, root, runId, config } = JSON.parse(process.env.FDM_CHILD_RUN ?? '') as ChildRun
await startRuntime({ backend })
await train({
  config: smallConfig(config),
  dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
  newRunId: runId,
  root,
  now: () => 0,
  onSave: (_, step) => process.stdout.write(`saved ${step}\n`),
})
