import { track, type Tracking } from './wandb-fixtures.js'

/** A run in a process of its own that ends without a word. */
export interface ChildTracking extends Tracking {
  readonly steps: readonly number[]
}

const { steps, ...tracking } = JSON.parse(process.env.FDM_CHILD_TRACKING ?? '') as ChildTracking
const { tracker } = track(tracking)
for (const step of steps) tracker.log(step, { loss: 1 / step })
process.kill(process.pid, 'SIGKILL')
