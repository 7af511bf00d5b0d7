import type { SquaredDistances } from '../squared-distance.js'
import { tensorflowBackend } from './tensorflow-backend.js'

/** What the addon built by `fdm setup` adds to the TensorFlow binding (see native/). */
export interface NativeExtension {
  /**
   * Makes a graph an operation that the backend's `executeOp` runs by the name given here.
   * @param graphDef a serialised tensorflow.GraphDef whose inputs are Placeholder nodes
   * @param inputs the operation's inputs, in their order, as `node:output`
   * @param outputs the operation's outputs, in their order, as `node:output`
   * @throws Error with TensorFlow's message if the graph is malformed or the name is taken by another graph.
   */
  registerFunction(
    name: string,
    graphDef: Uint8Array,
    inputs: readonly string[],
    outputs: readonly string[],
  ): void
  /**
   * Forgets a registered function.
   * @throws Error if there is none of that name.
   */
  removeFunction(name: string): void
  /**
   * What an operation of a graph gives, found out without computing it.
   * @throws Error with TensorFlow's message if the graph is malformed or the shapes depend on unknown values.
   */
  inferOutputs(
    graphDef: Uint8Array,
    node: string,
  ): readonly { readonly dtype: number; readonly shape: readonly number[] }[]
  /**
   * Distances of vectors on the host, on all its processors or as many threads as `FDM_THREADS` says, to about
   * the precision of float32. That of a pair does not depend on the others, nor on the threads.
   * @throws Error for vectors of different lengths.
   */
  readonly squaredDistances: SquaredDistances
  /**
   * Starts TensorFlow's profiler. Missing, as is `stopProfiler`, where TensorFlow came without its headers.
   * @throws Error if it is at work already.
   */
  readonly startProfiler?: () => void
  /**
   * Ends it.
   * @returns what it saw: a serialised tensorflow.profiler.XSpace, as TensorBoard reads it from a file
   * @throws Error if it was not started.
   */
  readonly stopProfiler?: () => Uint8Array
  /**
   * Whether GPUs may round the factors of float32 products and convolutions to TF32, in all of this process. XLA
   * asks as it compiles, other operations each time. Missing, as is `allowsTensorFloat32`, where TensorFlow has
   * no such switch, and in an addon of an earlier version.
   */
  readonly allowTensorFloat32?: (allow: boolean) => void
  /** What was said last; true at first. */
  readonly allowsTensorFloat32?: () => boolean
  /**
   * Whether TensorFlow was built for NVIDIA GPUs, whether there are any or not. Missing where its library does not
   * say, and in an addon of an earlier version.
   */
  readonly isBuiltWithCuda?: () => boolean
  /** Whether the backend knows an operation, TensorFlow's or ours, or a registered function. */
  hasOperation(name: string): boolean
  /** Whether the backend computes on a GPU. This one function any binding has. */
  isUsingGpuDevice(): boolean
}

/**
 * The extension of the backend in use; undefined on WebAssembly and on a binding that was not built by
 * `fdm setup`.
 */
export function nativeExtension(): NativeExtension | undefined {
  const binding: object | undefined = tensorflowBackend()?.binding
  return binding && isExtension(binding) ? binding : undefined
}

/**
 * Whether the backend in use has an operation of our own. TensorFlow's compiler XLA does not know them: it
 * makes one of the plain form.
 */
export function hasOwnOperation(name: string): boolean {
  return !isHidden && nativeExtension()?.hasOperation(name) === true
}

/** The same for operations that have a kernel for processors alone: whether that is what computes. */
export function hasProcessorOperation(name: string): boolean {
  return hasOwnOperation(name) && !computesOnGpu()
}

/** Whether the TensorFlow that `fdm setup` provides is the backend in use, and computes on a GPU. */
export function computesOnGpu(): boolean {
  return nativeExtension()?.isUsingGpuDevice() === true
}

let isHidden = false

/** Runs something as if there were no operations of our own. */
export function withoutOwnOperations<T>(run: () => T): T {
  const before = isHidden
  isHidden = true
  try {
    return run()
  } finally {
    isHidden = before
  }
}

/** Whether an addon is one that `fdm setup` built, and not an earlier version's. */
export function isExtension(binding: object): binding is NativeExtension {
  return 'registerFunction' in binding && 'squaredDistances' in binding
}

/** Whether `fdm setup` of an earlier version built an addon, which lacks what this one needs to compile. */
export function isOutdated(binding: object): boolean {
  return 'registerFunction' in binding && !isExtension(binding)
}
