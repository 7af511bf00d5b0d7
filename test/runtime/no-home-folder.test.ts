import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { cacheFolder, cacheFolderIfAny } from '../../src/runtime/cache-folder.js'
import { findTensorFlow } from '../../src/runtime/find-tensorflow.js'
import { startRuntime } from '../../src/runtime/start.js'
import { examine } from '../../src/setup/doctor.js'

// As in a container whose user is in no list: the system's answer depends on more than the environment.
vi.mock('../../src/files/home-folder.js', () => ({ homeFolder: () => undefined }))

beforeAll(() => {
  for (const name of ['FDM_CACHE_DIR', 'XDG_CACHE_HOME']) vi.stubEnv(name, undefined)
  return () => vi.unstubAllEnvs()
})

it('is an error where the folder is needed alone', () => {
  expect(() => cacheFolder()).toThrow(UserError)
  expect(() => cacheFolder({})).toThrow('set HOME or FDM_CACHE_DIR')
  expect(cacheFolderIfAny({})).toBeUndefined()
})

it('leaves an installed TensorFlow to be found', () => {
  const project = mkdtempSync(path.join(tmpdir(), 'fdm-homeless-'))
  onTestFinished(() => rmSync(project, { recursive: true }))
  const driver = path.join(project, 'node_modules/@tensorflow/tfjs-node')
  mkdirSync(path.join(driver, 'lib/napi-v8'), { recursive: true })
  writeFileSync(path.join(driver, 'package.json'), '{"name": "@tensorflow/tfjs-node"}')
  writeFileSync(path.join(driver, 'lib/napi-v8/tfjs_binding.node'), '')
  expect(findTensorFlow({ folders: [project] })).toMatchObject([{ origin: 'package', driver }])
})

it('leaves WebAssembly to compute', async () => {
  expect((await startRuntime({ backend: 'auto' })).backend).toBe('wasm')
})

it('is something that doctor tells', async () => {
  const checks = await examine()
  const cache = checks.find(({ name }) => name === 'disk of the cache')
  expect(cache).toMatchObject({ status: 'missing', detail: 'there is no home folder' })
  expect(cache?.advice).toContain('FDM_CACHE_DIR')
})
