import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { buildRecord, cacheFolder } from '../../src/runtime/cache-folder.js'
import { compileSettings } from '../../src/runtime/compile-settings.js'
import { startRuntime } from '../../src/runtime/start.js'
import { rememberXla } from '../../src/runtime/xla-findings.js'
import { tf } from '../../src/runtime/tf.js'
import { availableBackends, describeEachBackend } from '../helpers/backends.js'
import { ownBinding } from '../helpers/own-binding.js'

describeEachBackend('startRuntime', (backend) => {
  it('computes on the backend asked for and says so', async () => {
    const runtime = await startRuntime({ backend })
    expect(tf.getBackend()).toBe(backend)
    expect(runtime.backend).toBe(backend)
    expect(runtime.precision).toBe('fp32')
    expect(runtime.description).toMatch(backend === 'tensorflow' ? /^TensorFlow 2\.\d+/ : /^WebAssembly/)
    expect(runtime.devices.length).toBeGreaterThan(0)
    const product = tf.matMul([[1, 2]], [[3], [4]])
    expect(await product.data()).toEqual(Float32Array.of(11))
  })

  it('gives an equal answer the second time', async () => {
    expect(await startRuntime({ backend })).toEqual(await startRuntime({ backend }))
  })
})

it('keeps tensors readable across a switch of backends', async () => {
  await startRuntime({ backend: 'wasm' })
  const before = tf.tensor1d([1, 2, 3])
  for (const backend of availableBackends()) {
    await startRuntime({ backend })
    expect(await before.square().data()).toEqual(Float32Array.of(1, 4, 9))
  }
})

it('prefers TensorFlow where it is there', async () => {
  expect((await startRuntime()).backend).toBe(availableBackends()[0])
})

it.runIf(ownBinding)('computes what training and sampling compile in bf16 if asked to', async () => {
  const runtime = await startRuntime({ backend: 'tensorflow', precision: 'bf16' })
  expect(runtime.precision).toBe('bf16')
  expect(runtime.description).toMatch(/, bf16/)
  expect(compileSettings()).toEqual({ precision: 'bf16', xla: false })
  await startRuntime({ backend: 'tensorflow' })
  expect(compileSettings()).toEqual({ precision: 'fp32', xla: false })
})

it.runIf(ownBinding)('compiles with XLA only if asked to', async () => {
  const runtime = await startRuntime({ backend: 'tensorflow', xla: 'on' })
  expect(runtime.description).toMatch(/, fp32, XLA$/)
  expect(compileSettings()).toEqual({ precision: 'fp32', xla: true })
  expect((await startRuntime({ backend: 'tensorflow', xla: 'off' })).xla).toBe(false)
  expect(compileSettings()).toEqual({ precision: 'fp32', xla: false })
})

it.runIf(ownBinding)('compiles with XLA by itself where a benchmark found that faster', async () => {
  const cache = mkdtempSync(path.join(tmpdir(), 'fdm-start-'))
  copyFileSync(buildRecord(cacheFolder()), buildRecord(cache))
  vi.stubEnv('FDM_CACHE_DIR', cache)
  try {
    const { devices, tensorflowVersion: tensorflow = '' } = await startRuntime({ backend: 'tensorflow' })
    rememberXla(cache, { device: devices[0]?.name ?? '', tensorflow, precision: 'fp32', pays: true })
    expect((await startRuntime({ backend: 'tensorflow' })).xla).toBe(true)
    expect((await startRuntime({ backend: 'tensorflow', xla: 'off' })).xla).toBe(false)
    expect((await startRuntime({ backend: 'tensorflow', precision: 'bf16' })).xla).toBe(false)
  } finally {
    vi.unstubAllEnvs()
    rmSync(cache, { recursive: true })
  }
})

it('computes in fp32 and says why where bf16 does not work', async () => {
  const runtime = await startRuntime({ backend: 'wasm', precision: 'bf16', xla: 'on' })
  expect(runtime.precision).toBe('fp32')
  expect(runtime.description).toMatch(
    /fp32 \(bf16 and XLA need the TensorFlow that "npx fdm setup" provides\)/,
  )
  expect(compileSettings()).toEqual({ precision: 'fp32', xla: false })
})

it('refuses what does not exist', async () => {
  const options = [{ backend: 'foo' }, { precision: 'fp8' }, { device: 0 }, { device: 'gpu' }]
  for (const wrong of options) await expect(startRuntime(wrong as never)).rejects.toThrow(UserError)
  await expect(startRuntime({ backend: 'foo' } as never)).rejects.toThrow(
    'startRuntime takes as backend one of auto, tensorflow, wasm, not "foo"',
  )
})
