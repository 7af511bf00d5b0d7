import { afterAll, expect, it } from 'vitest'
import { computesOnGpu, nativeExtension } from '../../src/runtime/native-extension.js'
import { startRuntime } from '../../src/runtime/start.js'
import { precisionOn } from '../../src/runtime/tensor-float-32.js'
import { ownBinding } from '../helpers/own-binding.js'

const binding = (usesGpu: boolean, hasSwitch: boolean) => ({
  isUsingGpuDevice: () => usesGpu,
  ...(hasSwitch && { allowTensorFloat32: () => undefined }),
})

it('is what a GPU computes in where that was asked for, or cannot be switched off', () => {
  for (const precision of ['fp32', 'tf32', 'bf16'] as const)
    expect(precisionOn(binding(true, true), precision)).toBe(precision)
  expect(precisionOn(binding(true, false), 'fp32')).toBe('tf32')
  expect(precisionOn(binding(true, false), 'tf32')).toBe('tf32')
})

it.each([true, false])('is nothing that a processor computes in (switch: %j)', (hasSwitch) => {
  const processor = binding(false, hasSwitch)
  expect(precisionOn(processor, 'fp32')).toBe('fp32')
  expect(precisionOn(processor, 'tf32')).toBe('fp32')
  expect(precisionOn(processor, 'bf16')).toBe('bf16')
})

it('is not named by WebAssembly', async () => {
  const runtime = await startRuntime({ backend: 'wasm', precision: 'tf32', xla: 'on' })
  expect(runtime.precision).toBe('fp32')
  expect(runtime.description).toMatch(
    /fp32 \(tf32 needs a GPU; XLA needs the TensorFlow that "npx fdm setup" provides\)/,
  )
})

const allowed = () => nativeExtension()?.allowsTensorFloat32?.()

afterAll(() => startRuntime())

it.runIf(ownBinding)('is off unless it was asked for and there is a GPU', async () => {
  await startRuntime({ backend: 'tensorflow' })
  expect(allowed()).toBe(false)
  const usesGpu = computesOnGpu()
  for (const precision of ['tf32', 'fp32', 'tf32', 'bf16'] as const) {
    // As TensorFlow begins.
    nativeExtension()?.allowTensorFloat32?.(true)
    expect(allowed()).toBe(true)
    const runtime = await startRuntime({ backend: 'tensorflow', precision })
    expect(allowed()).toBe(precision === 'tf32' && usesGpu)
    expect(runtime.precision).toBe(precision === 'tf32' && !usesGpu ? 'fp32' : precision)
    if (precision === 'tf32' && !usesGpu) expect(runtime.description).toMatch(/, fp32 \(tf32 needs a GPU\)$/)
  }
})
