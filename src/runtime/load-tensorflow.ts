import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { TensorFlowFound } from './find-tensorflow.js'
import type { TensorFloat32Switch } from './tensor-float-32.js'
import { tf } from './tf.js'

/** The part of the addon's interface that is used here. */
export interface TensorFlowBinding extends TensorFloat32Switch {
  readonly TF_Version: string
}

/**
 * The property of the global object where the driver package fetched by `fdm setup` looks for the tensor
 * library, so that it works on the caller's copy instead of one of its own (see src/setup/driver.ts).
 */
export const SHARED_TFJS = 'flexible-video-diffusion.tfjs'

/**
 * Loads an addon into the process and registers it as the backend `tensorflow`, with all its kernels.
 * Nothing is registered if loading fails.
 * @throws what the dynamic loader says if the addon or a library below it is missing or does not fit.
 */
export function loadTensorFlow(found: TensorFlowFound): TensorFlowBinding {
  const require = createRequire(import.meta.url)
  prepareEnvironment(found.libraries)
  restoreUtilities(require('node:util') as Record<string, unknown>)
  const binding = quietly(found.gate, () => require(found.binding) as TensorFlowBinding)
  // Required, not imported: the driver extends its classes in a way that only works with their CommonJS form.
  Object.assign(globalThis, { [Symbol.for(SHARED_TFJS)]: require('@tensorflow/tfjs') as unknown })
  const { NodeJSKernelBackend } = require(path.join(found.driver, 'dist/nodejs_kernel_backend.js')) as {
    NodeJSKernelBackend: new (binding: TensorFlowBinding, packageName: string) => tf.KernelBackend
  }
  require(path.join(found.driver, 'dist/register_all_kernels.js'))
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, found.driverName), 3)
  return binding
}

/**
 * Loads the library without the lines it always writes to standard error. The level 0, the most talkative,
 * lets them through.
 */
function quietly<T>(gateFile: string | undefined, load: () => T): T {
  if (gateFile === undefined || process.env.TF_CPP_MIN_LOG_LEVEL === '0') return load()
  const gate = createRequire(import.meta.url)(gateFile) as { close(): void; open(): void }
  gate.close()
  try {
    return load()
  } finally {
    gate.open()
  }
}

/** Variables the library reads as it is loaded. Whatever the user has set is left as it is. */
function prepareEnvironment(libraries: string | undefined): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  const compiler = libraries && path.join(libraries, '../nvidia/cuda_nvcc')
  if (compiler && existsSync(compiler)) process.env.XLA_FLAGS ??= `--xla_gpu_cuda_data_dir=${compiler}`
}

/** The driver calls two functions that Node 23 removed. */
function restoreUtilities(util: Record<string, unknown>): void {
  util.isArray ??= Array.isArray
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
}
