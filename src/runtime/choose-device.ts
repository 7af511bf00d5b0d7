import { UserError } from '../errors.js'
import { visibleEntries } from './visible-cards.js'

/** Which device to compute on: `cpu`, `cuda` (any GPU) or `cuda:<number>`, as PyTorch names them. */
export type DeviceName = 'cpu' | 'cuda' | `cuda:${number}`

interface Wanted {
  readonly type: 'cpu' | 'cuda'
  readonly index: number | undefined
}

/**
 * What a person typed, as the name of a device.
 * @throws UserError unless it is one.
 */
export function deviceName(text: string): DeviceName {
  parse(text)
  return text as DeviceName
}

/**
 * @throws UserError unless it is the name of a device that the backend can have.
 */
export function checkDevice(device: DeviceName, backend: 'auto' | 'tensorflow' | 'wasm'): void {
  if (parse(device).type === 'cuda' && backend === 'wasm')
    throw new UserError(`--device ${device} needs TensorFlow: WebAssembly computes on the processor`)
}

/**
 * The value of CUDA_VISIBLE_DEVICES that lets a library see only the device asked for. The library must be
 * loaded afterwards.
 * @param current the variable's value so far: numbers count within its list
 * @throws UserError if the list is shorter.
 */
export function visibleDevices(device: DeviceName, current: string | undefined): string | undefined {
  const { type, index } = parse(device)
  if (type === 'cpu') return '-1'
  if (index === undefined) return current
  if (current === undefined) return String(index)
  const chosen = visibleEntries(current)[index]
  if (chosen) return chosen
  throw new UserError(`--device ${device} is not one of CUDA_VISIBLE_DEVICES="${current}"`)
}

/**
 * @param usesGpu whether the library that was loaded computes on a GPU
 * @throws UserError if that is not what was asked for.
 */
export function checkChosen(device: DeviceName, usesGpu: boolean): void {
  const { type } = parse(device)
  if (type === 'cuda' && !usesGpu)
    throw new UserError(
      `--device ${device}: TensorFlow finds no such GPU: see npx fdm doctor, or take --device cpu`,
    )
  if (type === 'cpu' && usesGpu)
    throw new UserError(`--device ${device}: this process computes on a GPU already; choose at its start`)
}

function parse(device: string): Wanted {
  const match = /^(?:(cpu)|(cuda)(?::(\d{1,4}))?)$/.exec(device)
  if (!match) throw new UserError(`--device takes cpu, cuda or cuda:<number>, not "${device}"`)
  const [, cpu, , number] = match
  return { type: cpu ? 'cpu' : 'cuda', index: number === undefined ? undefined : Number(number) }
}
