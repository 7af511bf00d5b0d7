import type { Precision } from './compile-settings.js'
import type { NativeExtension } from './native-extension.js'

/** What decides about TF32: any binding knows whether it uses a GPU, `fdm setup`'s has the switch. */
export type TensorFloat32Switch = Pick<NativeExtension, 'isUsingGpuDevice' | 'allowTensorFloat32'>

/**
 * The precision that a binding computes in where another one was wanted. Nothing rounds to TF32 without a GPU;
 * on one, TensorFlow does it unless told otherwise, so that fp32 needs the switch.
 */
export function precisionOn(binding: TensorFloat32Switch, wanted: Precision): Precision {
  if (!binding.isUsingGpuDevice()) return wanted === 'tf32' ? 'fp32' : wanted
  return wanted === 'fp32' && !binding.allowTensorFloat32 ? 'tf32' : wanted
}
