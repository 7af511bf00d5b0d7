import path from 'node:path'
import { writeFileAtomic } from '../../src/files/write-file.js'
import type { DeviceName } from '../../src/runtime/choose-device.js'
import type { Backend } from '../../src/runtime/start.js'
import { train } from '../../src/training/train.js'
import { fakeDataset, smallConfig } from './fixtures.js'

/** A small training run, in a process of its own or in this one. */
export interface ChildRun {
  readonly backend: Backend
  /** In a process of its own, where it computes. */
  readonly device?: DeviceName
  readonly root: string
  readonly runId: string
  readonly config: Parameters<typeof smallConfig>[0]
  /** Videos are sampled too, and put beside the checkpoints. */
  readonly previews?: boolean
  /** The process kills itself when it changes something on the disk for this time, half-way through if it writes. */
  readonly killedAtChange?: number
}

/** Does it, on the runtime that was started. */
export async function runChild(
  { root, runId, config, previews }: ChildRun,
  onSave?: (step: number) => void,
): Promise<void> {
  await train({
    config: smallConfig(config),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId: runId,
    root,
    now: () => 0,
    onSave: (_, step) => onSave?.(step),
    ...(previews && {
      onSample: ({ pixels }, step) => writeFileAtomic(path.join(root, runId, `preview${step}.bin`), pixels),
    }),
  })
}
