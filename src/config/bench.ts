import { flag, int, text } from './option.js'

/** What is measured against what: the options of `bench`. */
export const benchOptions = {
  configurations: text(
    '32px-32c-1b-B2-T8,64px-32c-1b-B1-T5,64px-64c-1b-B1-T10,128px-32c-1b-B1-T5',
    'networks and batches: size of frames, channels, blocks per level, videos, frames',
  ),
  tasks: text('train,sample', 'steps to measure'),
  sides: text(
    'eager,compiled,bf16',
    'ways of computing them: eager, compiled, tf32, bf16, xla, xla-tf32, xla-bf16, checkpointed, wasm',
  ),
  repetitions: int(5, 'rounds; in each, every side has its turn', { min: 1 }),
  threads: int(undefined, 'processor threads of each side (default: FDM_THREADS, else 2)', { min: 1 }),
  quick: flag(false, 'one small network, two short rounds: to see that it works'),
  reference: text(undefined, 'checkout of the original program, to be measured in turns with this one'),
  python: text('python3', 'Python with PyTorch, which runs the original'),
  reference_variants: text(
    'float32,bf16',
    'ways of running the original: float32, tf32, bf16, compile, compile-bf16, checkpointed',
  ),
  profile: text(
    undefined,
    'folder for profiles, as TensorBoard reads them; what the time of steps goes to is shown besides',
  ),
  json: text(undefined, 'file for all numbers'),
} as const
