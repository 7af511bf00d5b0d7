/** float32; float32 of which GPUs may round factors to TF32, ten bits of mantissa; bfloat16. */
export const precisions = ['fp32', 'tf32', 'bf16'] as const

export type Precision = (typeof precisions)[number]

/** How a compiled function computes. */
export interface CompileSettings {
  /**
   * The numbers that convolutions and products of matrices are computed in. Graphs of fp32 and tf32 are the same:
   * whether factors are rounded is up to the process at the time (see `startRuntime`).
   */
  readonly precision: Precision
  /** Whether TensorFlow's compiler XLA makes machine code of the whole graph. */
  readonly xla: boolean
}

/** What a program asked `startRuntime` for, wherever it came to compute. */
export interface SettingsAsked {
  readonly precision: Precision
  readonly xla: 'auto' | 'on' | 'off'
}

let current: CompileSettings = { precision: 'fp32', xla: false }
let asked: SettingsAsked = { precision: 'fp32', xla: 'auto' }

/** How training and sampling compute: what the runtime was started with, as far as its backend can. */
export function compileSettings(): CompileSettings {
  return current
}

/** What was asked for: the settings differ from it where something does not work here, and is replaced. */
export function settingsAsked(): SettingsAsked {
  return asked
}

/** For `startRuntime` alone. Functions that are compiled already stay as they are. */
export function setCompileSettings(
  settings: CompileSettings,
  from: SettingsAsked = { precision: settings.precision, xla: settings.xla ? 'on' : 'off' },
): void {
  current = settings
  asked = from
}
