import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import {
  checkChosen,
  checkDevice,
  deviceName,
  visibleDevices,
  type DeviceName,
} from '../../src/runtime/choose-device.js'
import { startRuntime, type Runtime } from '../../src/runtime/start.js'

describe('what a library is let see', () => {
  it.each<[DeviceName, string | undefined, string | undefined]>([
    ['cpu', undefined, '-1'],
    ['cpu', '0,1', '-1'],
    ['cuda', undefined, undefined],
    ['cuda', '2,3', '2,3'],
    ['cuda:0', undefined, '0'],
    ['cuda:3', undefined, '3'],
    ['cuda:1', '5, GPU-8932f937', 'GPU-8932f937'],
  ])('of %s, where %s is visible: %s', (device, current, visible) => {
    expect(visibleDevices(device, current)).toBe(visible)
  })

  it('refuses a number beyond the list', () => {
    expect(() => visibleDevices('cuda:2', '5,7')).toThrow(/cuda:2 is not one of CUDA_VISIBLE_DEVICES="5,7"/)
    // CUDA reads no further than the first that can be no card.
    for (const list of ['', '-1', '-1,0']) expect(() => visibleDevices('cuda:0', list)).toThrow(UserError)
    expect(() => visibleDevices('cuda:1', '5,-1')).toThrow(UserError)
  })
})

it('is an error where it cannot be had', () => {
  for (const device of ['gpu', 'cuda:', 'cuda:-1', 'mps', 'cpu:0', 'CPU'])
    expect(() => deviceName(device)).toThrow(`--device takes cpu, cuda or cuda:<number>, not "${device}"`)
  // @ts-expect-error The compiler knows the names; what is not compiled is told.
  expect(() => checkDevice('gpu', 'auto')).toThrow(UserError)
  expect(deviceName('cuda:12')).toBe('cuda:12')
  expect(() => checkDevice('cuda', 'wasm')).toThrow(/needs TensorFlow/)
  checkDevice('cpu', 'wasm')
  expect(() => checkChosen('cuda:1', false)).toThrow(/finds no such GPU/)
  expect(() => checkChosen('cpu', true)).toThrow(/computes on a GPU already/)
  checkChosen('cuda:1', true)
})

// Not asked of the helper for backends: it would load TensorFlow, for which a device is chosen once.
const processor = await startOn('cpu')

it.skipIf(!processor)('holds for the process (skipped where there is no TensorFlow)', async () => {
  expect(processor?.devices.map(({ type }) => type)).toEqual(['cpu'])
  expect(process.env.CUDA_VISIBLE_DEVICES).toBe('-1')
  expect(await startRuntime({ device: 'cpu' })).toEqual(processor)
  await expect(startRuntime({ device: 'cuda' })).rejects.toThrow(/finds no such GPU/)
  await expect(startRuntime({ device: 'cuda:0' })).rejects.toThrow(/computes on cpu already/)
})

async function startOn(device: DeviceName): Promise<Runtime | undefined> {
  if (process.env.FDM_TEST_BACKENDS === 'wasm') return undefined
  try {
    return await startRuntime({ backend: 'tensorflow', device })
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
