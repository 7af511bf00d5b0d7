export type Precision = 'fp32' | 'bf16'

/** How a compiled function computes. */
export interface CompileSettings {
  /** The numbers that convolutions and products of matrices are computed in. */
  readonly precision: Precision
  /** Whether TensorFlow's compiler XLA makes machine code of the whole graph. */
  readonly xla: boolean
}

let current: CompileSettings = { precision: 'fp32', xla: false }

/** How training and sampling compute: what the runtime was started with, as far as its backend can. */
export function compileSettings(): CompileSettings {
  return current
}

/** For `startRuntime` alone. Functions that are compiled already stay as they are. */
export function setCompileSettings(settings: CompileSettings): void {
  current = settings
}
