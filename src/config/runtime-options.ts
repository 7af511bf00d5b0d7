import type { RuntimeOptions } from '../runtime/start.js'
import type { TrainConfig } from './training.js'

/** Options of `train` that are the runtime's. */
export type RuntimeConfig = Pick<TrainConfig, 'backend' | 'precision' | 'use_fp16' | 'xla'>

/** What a runtime is to be started with for a training configuration: `use_fp16` is the original's word for bf16. */
export function runtimeOptions({
  backend,
  precision,
  use_fp16: isHalf,
  xla,
}: RuntimeConfig): Required<Pick<RuntimeOptions, 'backend' | 'precision' | 'xla'>> {
  return { backend, precision: isHalf ? 'bf16' : precision, xla }
}
