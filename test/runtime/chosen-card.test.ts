import { expect, it, vi } from 'vitest'
import { findTensorFlow } from '../../src/runtime/find-tensorflow.js'
import { startRuntime } from '../../src/runtime/start.js'
import { pretendDriverTool, TWO_CARDS } from '../helpers/driver-tool.js'

// The processor computes, and says that it is a GPU.
vi.mock(import('../../src/runtime/load-tensorflow.js'), async (original) => {
  const actual = await original()
  return {
    ...actual,
    loadTensorFlow: (found) => {
      const binding = actual.loadTensorFlow(found)
      return Object.create(binding, { isUsingGpuDevice: { value: () => true } }) as typeof binding
    },
  }
})

// Not asked of the helpers: they would load TensorFlow, for which a device is chosen once.
const isSetUp = process.env.FDM_TEST_BACKENDS !== 'wasm' && findTensorFlow()[0]?.origin === 'setup'

it.runIf(isSetUp)('names the card that was chosen (skipped without the addon of fdm setup)', async () => {
  pretendDriverTool(TWO_CARDS)
  const runtime = await startRuntime({ backend: 'tensorflow', device: 'cuda:1' })
  expect(runtime.devices.map(({ name }) => name)[0]).toBe('Tesla T4')
  expect(runtime.devices.filter(({ type }) => type === 'gpu')).toHaveLength(1)
  expect(runtime.description).toContain(' on Tesla T4, fp32')
})

it.runIf(isSetUp)('names a GPU where the driver tells of none', async () => {
  pretendDriverTool([])
  const { devices, description } = await startRuntime({ backend: 'tensorflow' })
  expect(devices[0]).toEqual({ name: 'a GPU', type: 'gpu' })
  expect(description).toContain(' on a GPU, fp32')
})
