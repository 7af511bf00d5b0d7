import { UserError } from '../errors.js'
import { expectChoice, expectObject, expectText } from '../expect.js'
import { checkChosen, checkDevice, visibleDevices, type DeviceName } from './choose-device.js'
import { type Precision, setCompileSettings } from './compile-settings.js'
import { type Device, graphicsCards, hasBfloat16Instructions, processor } from './devices.js'
import { findTensorFlow } from './find-tensorflow.js'
import { loadTensorFlow, type TensorFlowBinding } from './load-tensorflow.js'
import { isExtension } from './native-extension.js'
import { tf } from './tf.js'
import { registerWasm } from './wasm/register.js'

export type Backend = 'tensorflow' | 'wasm'

export interface RuntimeOptions {
  /** What computes. `auto`: TensorFlow if it is there and loads, else WebAssembly. */
  readonly backend?: 'auto' | Backend
  /**
   * The numbers that convolutions and products of matrices are computed in while training and sampling.
   * Where only fp32 works, that is used instead, and the description says so.
   */
  readonly precision?: Precision
  /** Where TensorFlow computes. Default: on a GPU if it finds one. A process can choose once. */
  readonly device?: DeviceName | undefined
}

/** What tensors are computed on from now on. */
export interface Runtime {
  readonly backend: Backend
  readonly precision: Precision
  readonly tensorflowVersion?: string
  readonly devices: readonly Device[]
  /** One line to print. */
  readonly description: string
}

/**
 * Makes a backend the one that every later tensor operation runs on. Calling it again with the same
 * options is quick and gives an equal answer; with another backend it switches.
 * @throws UserError for options that do not exist, and if TensorFlow or a device is asked for and is not
 * there or does not load.
 */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  checkOptions(options)
  const { backend = 'auto', precision = 'fp32', device } = options
  const loaded = backend === 'wasm' ? undefined : tensorflow(device)
  const needsTensorFlow = backend === 'tensorflow' || device?.startsWith('cuda')
  if (needsTensorFlow && typeof loaded !== 'object') throw new UserError(explain(loaded))
  const runtime =
    typeof loaded === 'object' ? describeTensorFlow(loaded, precision) : describeWasm(loaded, precision)
  if (runtime.backend === 'wasm') registerWasm()
  if (!(await tf.setBackend(runtime.backend))) {
    throw new UserError(`the backend ${runtime.backend} did not start: run "npx fdm doctor"`)
  }
  setCompileSettings({ precision: runtime.precision })
  return runtime
}

/** The loaded addon, or why there is none: undefined if none was found, else what loading it said. */
type Loaded = TensorFlowBinding | string | undefined

let loadedBefore: { readonly binding: TensorFlowBinding; readonly device: DeviceName | undefined } | undefined

/** An addon can be loaded into a process once; failures are tried again, as setup may have run since. */
function tensorflow(device: DeviceName | undefined): Loaded {
  if (!loadedBefore) return loadFirst(device)
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

function showOnly(device: DeviceName): void {
  const visible = visibleDevices(device, process.env.CUDA_VISIBLE_DEVICES)
  if (visible !== undefined) process.env.CUDA_VISIBLE_DEVICES = visible
}

function checkOptions(options: RuntimeOptions): void {
  expectObject('startRuntime takes options with backend, precision or device', options, {})
  const { backend, precision, device } = options
  if (backend !== undefined)
    expectChoice('startRuntime takes as backend one of', backend, ['auto', 'tensorflow', 'wasm'])
  if (precision !== undefined)
    expectChoice('startRuntime takes as precision one of', precision, ['fp32', 'bf16'])
  if (device === undefined) return
  expectText('startRuntime takes as device cpu, cuda or cuda:<number>', device)
  checkDevice(device, backend ?? 'auto')
}

function explain(failure: string | undefined): string {
  return failure === undefined
    ? 'TensorFlow is not set up: run "npx fdm setup", or use --backend wasm'
    : `TensorFlow does not load (${failure}): run "npx fdm setup" again, or use --backend wasm`
}

function describeTensorFlow(binding: TensorFlowBinding, wanted: Precision): Runtime {
  const cards = binding.isUsingGpuDevice() ? graphicsCards() : []
  const devices = [...cards, processor()]
  const names = cards.length > 0 ? cards : devices
  const precision = isExtension(binding) ? wanted : 'fp32'
  const isEmulated = precision === 'bf16' && cards.length === 0 && !hasBfloat16Instructions()
  const note = isEmulated
    ? ' (slow: this processor has no instructions for it)'
    : fallbackNote(wanted, precision)
  return {
    backend: 'tensorflow',
    precision,
    tensorflowVersion: binding.TF_Version,
    devices,
    description: `TensorFlow ${binding.TF_Version} on ${names.map(({ name }) => name).join(', ')}, ${precision}${note}`,
  }
}

function describeWasm(failure: string | undefined, wanted: Precision): Runtime {
  const device = processor()
  const note = failure === undefined ? '' : `; TensorFlow does not load (${failure})`
  const fallback = fallbackNote(wanted, 'fp32')
  return {
    backend: 'wasm',
    precision: 'fp32',
    devices: [device],
    description: `WebAssembly on ${device.name}, one thread, fp32${fallback}${note}`,
  }
}

/** Faster arithmetic is no reason to stop: the results in float32 are at least as good. */
function fallbackNote(wanted: Precision, used: Precision): string {
  return used === wanted ? '' : ` (${wanted} needs the TensorFlow that "npx fdm setup" provides)`
}
