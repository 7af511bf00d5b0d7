import type { CompileSettings } from './compile-settings.js'
import { nativeExtension, withoutOwnOperations, type NativeExtension } from './native-extension.js'
import { inBfloat16 } from './recording/bfloat16.js'
import { encodeGraphDef } from './recording/graph-def.js'
import { ProtobufWriter } from '../protobuf/protobuf-writer.js'
import { record, type Recording } from './recording/record.js'
import { flattenTree, type FlatTree } from './tensor-tree.js'
import { tensorflowBackend, type TensorFlowBackend } from './tensorflow-backend.js'
import { tf, type Tensor } from './tf.js'

/** Recordings that a function keeps unless told otherwise, of some 10 to 100 MB each for a training step. */
const MOST_RECORDINGS = 32

/** A function of tensors that runs as one operation where the backend can do that. */
export interface Compiled<Inputs extends readonly unknown[], Output> {
  /** The caller owns the arguments and the result. */
  (...inputs: Inputs): Output
  /** Forgets what was recorded; the next call records again. */
  readonly dispose: () => void
}

/**
 * Makes a pure function of tensors one operation of TensorFlow: it runs once for each new set of shapes of
 * its arguments, while the operations on its way are recorded, and then as a graph that TensorFlow
 * optimises. The recordings of the sets used last are kept. Arguments and result are tensors, or lists,
 * records and maps of them. On other backends, on a binding without our extension, inside another compiled
 * function and while a gradient is taken, it runs plainly.
 * @param fn it must not read tensors back to the host, draw randomness but from a seed that it is passed,
 *   or use tensors that it is not passed; numbers that it sees from outside are frozen as they are
 * @param settings how the graph computes, by default in float32 and without XLA, and as plain functions do
 * @param mostRecordings how many recordings are kept
 * @throws Error, at the call that records, naming the operation that breaks these rules.
 */
export function compile<Inputs extends readonly unknown[], Output>(
  fn: (...inputs: Inputs) => Output,
  { precision = 'fp32', xla = false }: Partial<CompileSettings> = {},
  mostRecordings = MOST_RECORDINGS,
): Compiled<Inputs, Output> {
  const programs = new Map<string, Program<Output>>()
  const call = (...inputs: Inputs): Output => {
    const backend = tensorflowBackend()
    const extension = backend && nativeExtension()
    if (!enabled || !backend || !extension || recording || isTakingGradient()) return runPlainly(fn, inputs)
    const flat = flattenTree(inputs)
    const key = `${flat.form} ${flat.tensors.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(' ')}`
    const program = programs.get(key) ?? buildProgram(backend, extension, fn, flat, { precision, xla })
    // The latest used last.
    programs.delete(key)
    programs.set(key, program)
    forgetOldest(programs, mostRecordings)
    return program.run(flat.tensors)
  }
  const dispose = () => {
    for (const program of programs.values()) program.remove()
    programs.clear()
  }
  return Object.assign(call, { dispose })
}

/** Whether compiled functions run as operations of the backend at hand, not plainly. */
export function runsCompiled(): boolean {
  return tensorflowBackend() !== undefined && nativeExtension() !== undefined
}

function forgetOldest(programs: Map<string, Program<unknown>>, most: number): void {
  const [oldest] = programs
  if (!oldest || programs.size <= most) return
  const [key, program] = oldest
  program.remove()
  programs.delete(key)
}

/** A function recorded for one set of shapes. */
interface Program<Output> {
  run(inputs: readonly Tensor[]): Output
  remove(): void
}

/** Turns compiling off, to see what it is worth, or on again: functions then run plainly. */
export function enableCompiling(on: boolean): void {
  enabled = on
}

/** Whether what runs now is recorded to be computed in bfloat16. */
export function recordsInBfloat16(): boolean {
  return recording?.precision === 'bf16'
}

/** Whether what runs now is recorded for XLA, which fuses single operations better than what is cut up by hand. */
export function recordsForXla(): boolean {
  return recording?.xla === true
}

let enabled = true
/** How the function that is being recorded will compute. */
let recording: CompileSettings | undefined
let programCount = 0

/**
 * A serialised tensorflow.ConfigProto. That it has rewrite_options is what makes TensorFlow optimise the
 * graph; left out are passes that take long and found nothing to do, and the second round of all.
 */
const CONFIG = Buffer.from(
  new ProtobufWriter()
    .integer(7, 1) // allow_soft_placement
    .message(10, (graphOptions) =>
      graphOptions.message(
        10,
        (rewriteOptions) =>
          rewriteOptions
            .integer(4, 1) // memory_optimization: NO_MEM_OPT
            .integer(9, 2) // loop_optimization: OFF
            .integer(12, 1), // meta_optimizer_iterations: ONE
      ),
    )
    .finish(),
).toString('latin1')

function buildProgram<Inputs extends readonly unknown[], Output>(
  backend: TensorFlowBackend,
  extension: NativeExtension,
  fn: (...inputs: Inputs) => Output,
  inputs: FlatTree<Inputs>,
  settings: CompileSettings,
): Program<Output> {
  const { precision, xla } = settings
  const recordNow = () => recordTree(backend, extension, fn, inputs, settings)
  const { graph: recorded, rebuild } = xla ? withoutOwnOperations(recordNow) : recordNow()
  const graph = precision === 'bf16' ? inBfloat16(recorded) : recorded
  const name = `fdm_function_${programCount++}`
  extension.registerFunction(name, encodeGraphDef(graph.nodes), graph.inputs, graph.outputs)
  const attributes = [
    { name: 'executor_type', type: backend.binding.TF_ATTR_STRING, value: '' },
    { name: 'config_proto', type: backend.binding.TF_ATTR_STRING, value: CONFIG },
    ...(xla ? [{ name: '_XlaMustCompile', type: backend.binding.TF_ATTR_BOOL, value: true }] : []),
  ]
  return {
    run: (tensors) => {
      return rebuild(backend.executeMultipleOutputs(name, attributes, tensors, graph.outputs.length))
    },
    remove: () => {
      extension.removeFunction(name)
    },
  }
}

function recordTree<Inputs extends readonly unknown[], Output>(
  backend: TensorFlowBackend,
  extension: NativeExtension,
  fn: (...inputs: Inputs) => Output,
  inputs: FlatTree<Inputs>,
  settings: CompileSettings,
): { readonly graph: Recording; readonly rebuild: FlatTree<Output>['rebuild'] } {
  let result: FlatTree<Output> | undefined
  recording = settings
  try {
    const run = (tensors: readonly Tensor[]) => {
      result = flattenTree(fn(...inputs.rebuild(tensors)))
      return result.tensors
    }
    const graph = record(backend, extension, run, inputs.tensors)
    return { graph, rebuild: wasRun(result).rebuild }
  } finally {
    recording = undefined
  }
}

/** Operations inside of a graph have no gradient for the tape. */
function isTakingGradient(): boolean {
  const { gradientDepth } = tf.engine().state as unknown as { readonly gradientDepth: number }
  return gradientDepth > 0
}

/** Calls the function and frees all but what it returns. */
function runPlainly<Inputs extends readonly unknown[], Output>(
  fn: (...inputs: Inputs) => Output,
  inputs: Inputs,
): Output {
  let result: FlatTree<Output> | undefined
  // A tidy sees the tensors in lists, but not in maps.
  const tensors = tf.tidy(() => {
    result = flattenTree(fn(...inputs))
    return [...result.tensors]
  })
  return wasRun(result).rebuild(tensors)
}

function wasRun<T>(result: FlatTree<T> | undefined): FlatTree<T> {
  if (!result) throw new Error('the function was not run')
  return result
}
