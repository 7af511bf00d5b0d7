import { createRequire } from 'node:module'
import { UserError } from '../errors.js'
import { SHARED_TFJS } from '../runtime/load-tensorflow.js'
import { reasonOf, runCommand } from './run-command.js'

export interface CheckedBinding {
  readonly version: string
  /** Whether it computes on a GPU here. */
  readonly gpu: boolean
  /** Whether it was built for GPUs; undefined where its library does not say. */
  readonly builtForGpu: boolean | undefined
}

/**
 * Loads an addon in a process of its own, since a library that does not fit the processor ends the
 * process, and runs a 2x2 convolution of ones over the numbers 1 to 9.
 * @throws UserError if it does not load or the result is wrong.
 */
export async function checkBinding(binding: string, driver: string): Promise<CheckedBinding> {
  const tfjs = createRequire(import.meta.url).resolve('@tensorflow/tfjs')
  const result = await runCommand([process.execPath, '-e', PROGRAM, binding, driver, tfjs, SHARED_TFJS], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true' },
  })
  const answer = /^checked (\S+) (true|false) (true|false|undefined) ([\d,]+)$/m.exec(result.stdout)
  if (result.status !== 0 || !answer?.[1]) {
    throw new UserError(`the TensorFlow binding ${binding} does not run (${reasonOf(result)})`)
  }
  if (answer[4] !== '12,16,24,28') {
    throw new UserError(
      `the TensorFlow binding ${binding} computes wrongly: a convolution gave ${answer[4] ?? ''} where 12,16,24,28 was expected`,
    )
  }
  const [, version, gpu, built] = answer
  return { version, gpu: gpu === 'true', builtForGpu: built === 'undefined' ? undefined : built === 'true' }
}

const PROGRAM = `
const [binding, driver, tfjs, shared] = process.argv.slice(1)
const util = require('node:util')
util.isArray ??= Array.isArray
util.isNullOrUndefined ??= (value) => value === null || value === undefined
const tf = require(tfjs)
globalThis[Symbol.for(shared)] = tf
const addon = require(binding)
const { NodeJSKernelBackend } = require(driver + '/dist/nodejs_kernel_backend.js')
require(driver + '/dist/register_all_kernels.js')
tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(addon, '@tensorflow/tfjs-node-gpu'))
tf.setBackend('tensorflow')
const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1])
const sums = tf.conv2d(image, tf.ones([2, 2, 1, 1]), 1, 'valid').dataSync()
console.log('checked', addon.TF_Version, addon.isUsingGpuDevice(), addon.isBuiltWithCuda?.(), Array.from(sums).join(','))
`
