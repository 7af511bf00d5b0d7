import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { UserError } from '../../src/errors.js'
import { buildRecord, cacheFolder, readBuild } from '../../src/runtime/cache-folder.js'
import { findTensorFlow } from '../../src/runtime/find-tensorflow.js'

function write(file: string, content: string): string {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'fdm-find-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

function install(project: string, name: string, withAddon: boolean): string {
  const root = path.join(project, 'node_modules/@tensorflow', name)
  write(path.join(root, 'package.json'), JSON.stringify({ name: `@tensorflow/${name}` }))
  if (withAddon) write(path.join(root, 'lib/napi-v8/tfjs_binding.node'), '')
  return root
}

function setUp(cache: string): string {
  const driver = install(cache, 'tfjs-node-gpu', false)
  const binding = write(path.join(cache, 'binding.node'), '')
  const record = { binding, gate: '', driver, libraries: '/libraries', version: '2.21.0', cuda: false }
  write(buildRecord(cache), JSON.stringify(record))
  return binding
}

it('finds nothing where there is nothing', () => {
  expect(findTensorFlow({ folders: [folder()], cache: folder() })).toEqual([])
})

it('prefers an installed package, seen from a folder below it, to what setup built', () => {
  const [project, cache] = [folder(), folder()]
  install(project, 'tfjs-node-gpu', false)
  const driver = install(project, 'tfjs-node', true)
  const binding = setUp(cache)
  const found = findTensorFlow({ folders: [path.join(project, 'src'), project], cache })
  expect(found.map(({ origin }) => origin)).toEqual(['package', 'setup'])
  expect(found[0]).toMatchObject({ driver, driverName: '@tensorflow/tfjs-node' })
  expect(found[1]).toMatchObject({
    binding,
    driverName: '@tensorflow/tfjs-node-gpu',
    libraries: '/libraries',
  })
})

it('passes over a record whose addon is gone, and one that cannot be read', () => {
  const cache = folder()
  rmSync(setUp(cache))
  expect(findTensorFlow({ folders: [], cache })).toEqual([])
  for (const damaged of ['{"binding": 1}', '{"binding', 'null']) {
    write(buildRecord(cache), damaged)
    expect(readBuild(cache)).toBeUndefined()
  }
})

it('says so where the system does not let the record be read', () => {
  const cache = folder()
  mkdirSync(buildRecord(cache))
  expect(() => findTensorFlow({ folders: [], cache })).toThrow(UserError)
  expect(() => readBuild(cache)).toThrow(
    `could not read ${buildRecord(cache)}: it is a folder; to use another folder, set FDM_CACHE_DIR`,
  )
})

it('takes the cache folder from the environment', () => {
  expect(cacheFolder({ FDM_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/fdm')
  expect(cacheFolder({})).toMatch(/\/\.cache\/fdm$/)
  expect(cacheFolder({ XDG_CACHE_HOME: '', HOME: '/c' })).toBe('/c/.cache/fdm')
  expect(cacheFolder({ XDG_CACHE_HOME: 'caches', HOME: '/c' })).toBe('/c/.cache/fdm')
})
