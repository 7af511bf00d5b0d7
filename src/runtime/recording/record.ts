import { whileListening } from '../host-randomness.js'
import type { NativeExtension } from '../native-extension.js'
import type {
  BindingAttribute,
  BindingTensor,
  HostValues,
  OperationBinding,
  TensorFlowBackend,
} from '../tensorflow-backend.js'
import { tf, type Tensor } from '../tf.js'
import { currentOperation, operationsUnderWay } from './current-operation.js'
import { GraphBuilder } from './graph-builder.js'
import type { GraphAttribute, GraphNode } from './graph-def.js'
import { OutputInference } from './infer-outputs.js'

/** What a function did, as a graph. Outputs of nodes are written `name:index`. */
export interface Recording {
  readonly nodes: readonly GraphNode[]
  /** In the order of the arguments. */
  readonly inputs: readonly string[]
  /** In the order of the results; no two are the same, and none is an input. */
  readonly outputs: readonly string[]
}

/** Constants of more elements are taken for data or random numbers, which belong among the arguments. */
const LARGEST_CONSTANT = 65_536

/** Operations of the device that draw without being fed a seed: what they give cannot be had again. */
const DRAWS = /^(Multinomial|(Parameterized)?TruncatedNormal|Random[A-Z]|StatefulRandom)/

/** Operations whose kernels leave it to eager execution to find out the type of the first input. */
const LEAVES_TYPE_OUT = new Set(['ExpandDims', 'Where'])

/**
 * Runs a function once and writes down every operation on the way: all kernels reach TensorFlow through the
 * addon's `executeOp` and `createTensor`. Nothing is computed: of a tensor only type and shape are known.
 * @param fn a pure function of its arguments
 * @throws Error that names the operation if values are read back to the host, if random numbers are made
 *   there, or if a tensor is used that is not an argument.
 */
export function record(
  backend: TensorFlowBackend,
  extension: NativeExtension,
  fn: (inputs: readonly Tensor[]) => readonly Tensor[],
  inputs: readonly Tensor[],
): Recording {
  const recorder = new Recorder(backend, extension)
  let recording: Recording | undefined
  tf.tidy(() => {
    recording = whileListening(refuseRandomNumber, () => recorder.run(inputs, fn))
  })
  if (!recording) throw new Error('the function was not run')
  return recording
}

/** Where a tensor comes from. */
interface Source {
  readonly output: string
  readonly dtype: number
  readonly shape: readonly number[]
  readonly kind: 'input' | 'constant' | 'computed'
}

class Recorder {
  readonly #graph = new GraphBuilder()
  readonly #sources = new Map<number, Source>()
  /** Values that became tensors during the recording. */
  readonly #written = new WeakSet<object>()
  readonly #backend: TensorFlowBackend
  readonly #binding: OperationBinding
  readonly #inference: OutputInference

  constructor(backend: TensorFlowBackend, extension: NativeExtension) {
    this.#backend = backend
    this.#binding = backend.binding
    this.#inference = new OutputInference(extension)
  }

  run(inputs: readonly Tensor[], fn: (inputs: readonly Tensor[]) => readonly Tensor[]): Recording {
    const placeholders: string[] = []
    // Tensors of their own, as arguments may share their numbers, and may be reached without being passed.
    const own = inputs.map((input) => {
      const tensor = { id: nextId(), dtype: typeNumber(this.#binding, input), shape: input.shape }
      placeholders.push(this.#addPlaceholder(tensor))
      return this.#backend.createOutputTensor(tensor)
    })
    const results = this.#intercepted(() => {
      // Still while recording: some results may be constants that are on the host yet.
      const ids = this.#backend.getInputTensorIds(fn(own))
      return ids.map((id, i) => this.#sourceOf(id, () => `result ${i + 1} of the function`))
    })
    const outputs = this.#distinct(results)
    const nodes = this.#graph.nodesFor([...placeholders, ...outputs])
    return { nodes, inputs: placeholders, outputs }
  }

  #addPlaceholder({ id, dtype, shape }: BindingTensor): string {
    const node = this.#graph.add('Placeholder', [], { dtype: { type: dtype }, shape: { shape } }, [shape])
    this.#sources.set(id, { output: `${node}:0`, dtype, shape, kind: 'input' })
    return `${node}:0`
  }

  /** A function's outputs must be distinct and its own: others get an operation. */
  #distinct(results: readonly Source[]): string[] {
    const taken = new Set<string>()
    return results.map(({ output, dtype, shape, kind }) => {
      const isOwn = kind === 'computed' && !taken.has(output)
      taken.add(output)
      if (isOwn) return output
      return `${this.#graph.add('Identity', [output], { T: { type: dtype } }, [shape])}:0`
    })
  }

  #intercepted<T>(run: () => T): T {
    const backend = this.#backend
    const write = backend.write.bind(backend)
    backend.binding = this.#recordingBinding()
    backend.write = (values, shape, dtype) => {
      refuseRandomNumbers()
      this.#written.add(values)
      return write(values, shape, dtype)
    }
    try {
      return run()
    } finally {
      backend.binding = this.#binding
      // Uncovers the class's own method.
      delete (backend as Partial<TensorFlowBackend>).write
    }
  }

  #recordingBinding(): OperationBinding {
    const binding = this.#binding
    const replaced: Pick<OperationBinding, 'createTensor' | 'executeOp' | 'tensorDataSync'> = {
      createTensor: (shape, dtype, values) => {
        const id = binding.createTensor(shape, dtype, values)
        this.#addConstant(id, shape, dtype, values)
        return id
      },
      executeOp: (name, attributes, ids, count) => {
        if (DRAWS.test(name)) throw randomness(name, 'with a seed of its own')
        const inputs = ids.map((id, i) => this.#sourceOf(id, () => `input ${i + 1} of ${name}`))
        const results = this.#addOperation(name, attributes, inputs)
        if (results.length !== count) throw new Error(`${name} gives ${results.length} tensors, not ${count}`)
        return results
      },
      tensorDataSync: (id) => {
        this.#refuseReading(id)
        return binding.tensorDataSync(id)
      },
    }
    // The addon's properties are read-only: hence an object in front of it, not a changed copy.
    const front = Object.create(binding) as OperationBinding
    for (const [name, value] of Object.entries(replaced)) Object.defineProperty(front, name, { value })
    return front
  }

  #addOperation(
    name: string,
    attributes: readonly BindingAttribute[],
    inputs: readonly Source[],
  ): BindingTensor[] {
    const values: Record<string, GraphAttribute> = {}
    if (LEAVES_TYPE_OUT.has(name)) values.T = { type: inputs[0]?.dtype ?? NaN }
    for (const attribute of attributes) values[attribute.name] = graphAttribute(this.#binding, attribute)
    const descriptions = inputs.map(({ kind, ...source }) =>
      kind === 'constant' ? { ...source, constant: this.#graph.nodesFor([source.output]) } : source,
    )
    const outputs = this.#inference.infer(name, values, descriptions)
    const shapes = outputs.map(({ shape }) => shape)
    const sources = inputs.map(({ output }) => output)
    const node = this.#graph.add(name, sources, values, shapes)
    return outputs.map(({ dtype, shape }, i) => {
      const id = nextId()
      this.#sources.set(id, { output: `${node}:${i}`, dtype, shape, kind: 'computed' })
      return { id, dtype, shape: [...shape] }
    })
  }

  #addConstant(id: number, shape: readonly number[], dtype: number, values: HostValues): void {
    // 64-bit integers never are tensors of the library: kernels make them for the operation at hand.
    if (!this.#written.has(values) && dtype !== this.#binding.TF_INT64) throw outsider(currentOperation())
    const size = tf.util.sizeFromShape([...shape])
    const output = this.#graph.constant({ dtype, shape, bytes: bytesOf(values) })
    if (size > LARGEST_CONSTANT && this.#graph.opOf(output) === 'Const')
      throw new Error(
        `${currentOperation()} makes a constant of ${size} numbers while the function is being compiled: ` +
          'data and random numbers belong among the arguments',
      )
    this.#sources.set(id, { output, dtype, shape, kind: 'constant' })
  }

  #sourceOf(id: number, user: () => string): Source {
    const source = this.#sources.get(id)
    if (!source) throw outsider(user())
    return source
  }

  #refuseReading(id: number): void {
    const source = this.#sourceOf(id, currentOperation)
    if (source.kind === 'constant') return
    const origin =
      source.kind === 'input' ? 'an argument' : `a result of ${this.#graph.opOf(source.output) ?? ''}`
    throw new Error(
      `${currentOperation()} reads ${origin} back to the host while the function is being compiled: later ` +
        'calls would go on with the numbers of the first',
    )
  }
}

function outsider(user: string): Error {
  return new Error(
    `${user}: a tensor that was made before the function was called can only be used in it as an argument`,
  )
}

/** A tensor made of numbers that an operation has drawn. */
function refuseRandomNumbers(): void {
  const random = randomOperation()
  if (random !== undefined) throw randomness(random, 'on the host')
}

/** A single number that was drawn: by an operation on its way, or by the function itself. */
function refuseRandomNumber(generator: string): void {
  throw randomness(randomOperation() ?? generator, 'on the host')
}

function randomOperation(): string | undefined {
  const name = operationsUnderWay().find((name) => /^(rand|truncatedNormal|dropout|multinomial)/.test(name))
  return name === undefined ? undefined : `the operation ${name}`
}

function randomness(what: string, how: string): Error {
  return new Error(
    `${what} draws random numbers ${how} while the function is being compiled: later calls would go on with ` +
      'the same; randomNormal and randomUniform of the runtime take a seed',
  )
}

/** Ids of tensors that are only described. The driver frees none that is negative; -1 is what it has for itself. */
let lastId = -1
const nextId = () => --lastId

function typeNumber(binding: OperationBinding, { dtype }: Tensor): number {
  if (dtype === 'float32') return binding.TF_FLOAT
  if (dtype === 'int32') return binding.TF_INT32
  if (dtype === 'bool') return binding.TF_BOOL
  throw new Error(`a compiled function takes float32, int32 and bool, not ${dtype}`)
}

function graphAttribute(binding: OperationBinding, { name, type, value }: BindingAttribute): GraphAttribute {
  if (type === binding.TF_ATTR_STRING) return { string: value as string }
  if (type === binding.TF_ATTR_INT) return { int: value as number }
  if (type === binding.TF_ATTR_FLOAT) return { float: value as number }
  if (type === binding.TF_ATTR_BOOL) return { bool: value as boolean }
  if (type === binding.TF_ATTR_TYPE) return { type: value as number }
  if (type === binding.TF_ATTR_SHAPE) return { shape: value as number[] }
  throw new Error(`attribute ${name} is of a kind (${type}) that a compiled function cannot have`)
}

function bytesOf(values: HostValues): Uint8Array {
  if (!ArrayBuffer.isView(values)) throw new Error('a compiled function has no texts')
  const { buffer, byteOffset, byteLength } = values as Float32Array
  return new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength))
}
