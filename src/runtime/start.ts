import { threadsAsked } from '../threads-asked.js'
import { UserError } from '../errors.js'
import { expectChoice, expectObject, expectText } from '../expect.js'
import { cacheFolderIfAny } from './cache-folder.js'
import { checkChosen, checkDevice, visibleDevices, type DeviceName } from './choose-device.js'
import { type CompileSettings, type Precision, precisions, setCompileSettings } from './compile-settings.js'
import { type Device, graphicsCards, hasBfloat16Instructions, processor } from './devices.js'
import { findTensorFlow } from './find-tensorflow.js'
import { loadTensorFlow, type TensorFlowBinding } from './load-tensorflow.js'
import { isExtension, isOutdated } from './native-extension.js'
import { isCollective } from './rank-group.js'
import { precisionOn } from './tensor-float-32.js'
import { tf } from './tf.js'
import { registerWasm } from './wasm/register.js'
import { xlaPays } from './xla-findings.js'

export type Backend = 'tensorflow' | 'wasm'

export interface RuntimeOptions {
  /** What computes. `auto`: TensorFlow if it is there and loads, else WebAssembly. */
  readonly backend?: 'auto' | Backend
  /**
   * The numbers that convolutions and products of matrices are computed in while training and sampling.
   * What does not work here is replaced, and the description says so. Only with tf32 may GPUs round the factors
   * of float32 ones, whatever this process computes. Once convolutions have run on a GPU in tf32, TensorFlow
   * may keep to the algorithms that it chose for their shapes: for fp32 afterwards, start another process.
   */
  readonly precision?: Precision
  /**
   * Whether TensorFlow's compiler XLA makes machine code of whole steps. `auto`: if a benchmark on this
   * machine found it faster.
   */
  readonly xla?: 'auto' | 'on' | 'off'
  /** Where TensorFlow computes. Default: on a GPU if it finds one. A process can choose once. */
  readonly device?: DeviceName | undefined
  /** The ranks that this process computes together with. Only at a process's first start. */
  readonly cluster?: Cluster | undefined
}

/** Processes that compute together, and which of them this one is. */
export interface Cluster {
  /** The addresses of their engines, `host:port`, by rank. This one's must be free. */
  readonly tasks: readonly string[]
  readonly rank: number
}

/** What tensors are computed on from now on. */
export interface Runtime {
  readonly backend: Backend
  readonly precision: Precision
  readonly xla: boolean
  readonly tensorflowVersion?: string
  readonly devices: readonly Device[]
  /** One line to print. */
  readonly description: string
}

/**
 * Makes a backend the one that every later tensor operation runs on. Calling it again with the same
 * options is quick and gives an equal answer; with another backend it switches.
 * @throws UserError for options that do not exist, a variable FDM_THREADS that is no number of threads, and if
 * TensorFlow or a device is asked for and is not there or does not load.
 */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  checkOptions(options)
  threadsAsked()
  const { backend = 'auto', precision = 'fp32', xla = 'auto', device, cluster } = options
  const loaded = backend === 'wasm' ? undefined : tensorflow(device, cluster)
  if (cluster) checkCluster(loaded)
  const needsTensorFlow = backend === 'tensorflow' || device?.startsWith('cuda')
  if (needsTensorFlow && typeof loaded !== 'object') throw new UserError(explain(loaded))
  const runtime =
    typeof loaded === 'object'
      ? describeTensorFlow(loaded, { precision, xla })
      : describeWasm(loaded, { precision, xla: xla === 'on' })
  if (runtime.backend === 'wasm') registerWasm()
  if (!(await tf.setBackend(runtime.backend))) {
    throw new UserError(`the backend ${runtime.backend} did not start: run "npx fdm doctor"`)
  }
  setCompileSettings({ precision: runtime.precision, xla: runtime.xla }, { precision, xla })
  if (typeof loaded === 'object') loaded.allowTensorFloat32?.(runtime.precision === 'tf32')
  return runtime
}

/** The loaded addon, or why there is none: undefined if none was found, else what loading it said. */
type Loaded = TensorFlowBinding | string | undefined

let loadedBefore: { readonly binding: TensorFlowBinding; readonly device: DeviceName | undefined } | undefined

/** An addon can be loaded into a process once; failures are tried again, as setup may have run since. */
function tensorflow(device: DeviceName | undefined, cluster: Cluster | undefined): Loaded {
  if (!loadedBefore) return cluster ? inCluster(cluster, () => loadFirst(device)) : loadFirst(device)
  if (cluster) throw new UserError('this process computes on its own already')
  const { binding, device: chosen } = loadedBefore
  if (device?.includes(':') && device !== chosen)
    throw new UserError(`--device ${device}: this process computes on ${chosen ?? 'another'} already`)
  if (device !== undefined) checkChosen(device, binding.isUsingGpuDevice())
  return binding
}

function loadFirst(device: DeviceName | undefined): Loaded {
  if (device !== undefined) showOnly(device)
  let failure: string | undefined
  for (const found of findTensorFlow()) {
    try {
      const binding = loadTensorFlow(found)
      loadedBefore = { binding, device }
      if (device !== undefined) checkChosen(device, binding.isUsingGpuDevice())
      return binding
    } catch (error) {
      if (error instanceof UserError) throw error
      failure = `${found.binding}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`
    }
  }
  return failure
}

/** The addon takes a process's place from its environment (native/collectives.h). */
function inCluster<T>({ tasks, rank }: Cluster, load: () => T): T {
  process.env.FDM_TASKS = tasks.join()
  process.env.FDM_TASK = String(rank)
  // What the engine writes when another process ends is said in our own words.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
  try {
    return load()
  } finally {
    // Not for the threads and processes that this one starts.
    delete process.env.FDM_TASKS
    delete process.env.FDM_TASK
  }
}

function checkCluster(loaded: Loaded): void {
  if (typeof loaded === 'object' && isCollective(loaded) && isExtension(loaded)) return
  const found =
    typeof loaded === 'object'
      ? 'another one is installed, or it is of an earlier version'
      : (loaded ?? 'it is not there')
  throw new UserError(`several ranks need the TensorFlow that "npx fdm setup" provides: ${found}`)
}

function showOnly(device: DeviceName): void {
  const visible = visibleDevices(device, process.env.CUDA_VISIBLE_DEVICES)
  if (visible !== undefined) process.env.CUDA_VISIBLE_DEVICES = visible
}

function checkOptions(options: RuntimeOptions): void {
  expectObject('startRuntime takes options with backend, precision, xla or device', options, {})
  const { backend, precision, xla, device } = options
  if (backend !== undefined)
    expectChoice('startRuntime takes as backend one of', backend, ['auto', 'tensorflow', 'wasm'])
  if (precision !== undefined) expectChoice('startRuntime takes as precision one of', precision, precisions)
  if (xla !== undefined) expectChoice('startRuntime takes as xla one of', xla, ['auto', 'on', 'off'])
  if (device === undefined) return
  expectText('startRuntime takes as device cpu, cuda or cuda:<number>', device)
  checkDevice(device, backend ?? 'auto')
}

function explain(failure: string | undefined): string {
  return failure === undefined
    ? 'TensorFlow is not set up: run "npx fdm setup", or use --backend wasm'
    : `TensorFlow does not load (${failure}): run "npx fdm setup" again, or use --backend wasm`
}

function describeTensorFlow(
  binding: TensorFlowBinding,
  { precision, xla }: Required<Pick<RuntimeOptions, 'precision' | 'xla'>>,
): Runtime {
  const cards = binding.isUsingGpuDevice() ? cardsInUse() : []
  const devices = [...cards, processor()]
  const names = cards.length > 0 ? cards : devices
  const hasAll = isExtension(binding)
  const usable = precisionOn(binding, hasAll ? precision : PLAIN.precision)
  const setting = { device: devices[0]?.name ?? '', tensorflow: binding.TF_Version, precision: usable }
  const wanted = { precision, xla: xla === 'auto' ? xlaPays(cacheFolderIfAny(), setting) : xla === 'on' }
  const used = { precision: usable, xla: hasAll && wanted.xla }
  const isEmulated = used.precision === 'bf16' && cards.length === 0 && !hasBfloat16Instructions()
  const fallback = isOutdated(binding)
    ? ' (slow: built by an earlier version, run "npx fdm setup" again)'
    : fallbackNote(wanted, used)
  const note = isEmulated ? ' (slow: this processor has no instructions for it)' : fallback
  return {
    backend: 'tensorflow',
    ...used,
    tensorflowVersion: binding.TF_Version,
    devices,
    description: `TensorFlow ${binding.TF_Version} on ${names.map(({ name }) => name).join(', ')}, ${named(used).join(', ')}${note}`,
  }
}

/** What the driver says about the GPUs that this process sees; where it says nothing, there is one all the same. */
function cardsInUse(): readonly Device[] {
  const cards = graphicsCards()
  return cards.length > 0 ? cards : [{ name: 'a GPU', type: 'gpu' }]
}

function describeWasm(failure: string | undefined, wanted: CompileSettings): Runtime {
  const device = processor()
  const note = failure === undefined ? '' : `; TensorFlow does not load (${failure})`
  return {
    backend: 'wasm',
    ...PLAIN,
    devices: [device],
    description: `WebAssembly on ${device.name}, one thread, fp32${fallbackNote(wanted, PLAIN)}${note}`,
  }
}

const PLAIN: CompileSettings = { precision: 'fp32', xla: false }

const named = ({ precision, xla }: CompileSettings) => [precision, ...(xla ? ['XLA'] : [])]

/** Faster arithmetic is no reason to stop: the results without it are at least as good. */
function fallbackNote(wanted: CompileSettings, used: CompileSettings): string {
  const missing = named(wanted).filter((name) => !named(used).includes(name))
  const ofSetup = missing.filter((name) => name !== 'tf32')
  const verb = ofSetup.length === 1 ? 'needs' : 'need'
  const notes = [
    ...(ofSetup.length < missing.length ? ['tf32 needs a GPU'] : []),
    ...(ofSetup.length > 0
      ? [`${ofSetup.join(' and ')} ${verb} the TensorFlow that "npx fdm setup" provides`]
      : []),
  ]
  return notes.length > 0 ? ` (${notes.join('; ')})` : ''
}
