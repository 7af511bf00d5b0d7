import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { visibleCards } from '../../scripts/join-ranks.js'
import { readBuild } from '../../src/runtime/cache-folder.js'
import { findTensorFlow } from '../../src/runtime/find-tensorflow.js'
import type { CheckedBinding } from '../../src/setup/check-binding.js'
import { DRIVER_VERSION, driverIn } from '../../src/setup/driver.js'
import { setupTensorFlow } from '../../src/setup/tensorflow.js'
import { pretendDriverTool, TWO_CARDS } from '../helpers/driver-tool.js'
import { temporaryFolder } from './fakes.js'

const checked = vi.hoisted(() => ({ version: '2.21.0' }))

// There is no GPU, and nothing is compiled: what matters is what a check of the result is taken to mean.
vi.mock('../../src/setup/check-binding.js', () => ({ checkBinding: () => Promise.resolve({ ...checked }) }))
vi.mock(import('../../src/setup/compile-binding.js'), async (original) => ({
  ...(await original()),
  hasLibraries: () => true,
  compileBinding: (_driver, _libraries, output) => {
    writeFileSync(output, '')
    return Promise.resolve()
  },
  compileGate: (output) => {
    writeFileSync(output, '')
    return Promise.resolve()
  },
}))

afterEach(() => void vi.unstubAllEnvs())

/** A cache folder after `setup --tensorflow` with libraries in a folder of this name. */
async function setUp(
  libraries: string,
  found: Omit<CheckedBinding, 'version'>,
  cuda = false,
): Promise<string> {
  Object.assign(checked, found)
  const cacheDir = temporaryFolder()
  const driver = driverIn(path.join(cacheDir, `tfjs-node-gpu-${DRIVER_VERSION}`))
  mkdirSync(path.join(driver, 'binding'), { recursive: true })
  writeFileSync(path.join(driver, 'package.json'), '{"name": "@tensorflow/tfjs-node-gpu"}')
  await setupTensorFlow({ cacheDir, tensorflowDir: path.join(cacheDir, libraries), cuda })
  return cacheDir
}

it.each([
  ['one that uses a GPU', { gpu: true, builtForGpu: true }, true],
  ['one that would, of an older TensorFlow', { gpu: true, builtForGpu: undefined }, true],
  ["one for Python that lacks NVIDIA's libraries", { gpu: false, builtForGpu: true }, false],
  ['one for processors', { gpu: false, builtForGpu: false }, false],
])('where there are GPUs, records of %s whether it uses them', async (_, found, cuda) => {
  pretendDriverTool(TWO_CARDS)
  expect(readBuild(await setUp('tensorflow', found))?.cuda).toBe(cuda)
})

it.each([
  ['one for GPUs', { gpu: false, builtForGpu: true }, false, true],
  ['one for processors, although asked for another', { gpu: false, builtForGpu: false }, true, false],
  ['one that does not say, asked for GPUs', { gpu: false, builtForGpu: undefined }, true, true],
  ['one that does not say', { gpu: false, builtForGpu: undefined }, false, false],
])('where there are none, records of %s what it was built for', async (_, found, asked, cuda) => {
  pretendDriverTool([])
  expect(readBuild(await setUp('tensorflow', found, asked))?.cuda).toBe(cuda)
})

it('gives ranks a device each by what a build can, not by the name of its folder', async () => {
  pretendDriverTool(TWO_CARDS)
  vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined)
  const python = await setUp('site-packages/tensorflow', { gpu: true, builtForGpu: true })
  expect(findTensorFlow({ folders: [], cache: python })).toMatchObject([{ origin: 'setup', cuda: true }])
  vi.stubEnv('FDM_CACHE_DIR', python)
  expect(visibleCards()).toBe(2)
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '1')
  expect(visibleCards()).toBe(1)
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '-1')
  expect(visibleCards()).toBe(0)
  vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined)
  vi.stubEnv('FDM_CACHE_DIR', await setUp('cuda-12/tensorflow', { gpu: false, builtForGpu: false }))
  expect(visibleCards()).toBe(0)
})
