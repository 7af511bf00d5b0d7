import { tf } from './tf.js'

/** What this process holds now. */
export interface HeldMemory {
  readonly [name: string]: number
  /** Resident memory, in MB of a million bytes. */
  readonly 'memory/process_mb': number
  /** Tensors that the library keeps. */
  readonly 'memory/tensors': number
}

/** Memory and tensors held at the moment: a run that neither leaks nor hoards has the same from line to line. */
export function heldMemory(): HeldMemory {
  return {
    'memory/process_mb': Math.round(process.memoryUsage.rss() / 1e5) / 10,
    'memory/tensors': tf.memory().numTensors,
  }
}
