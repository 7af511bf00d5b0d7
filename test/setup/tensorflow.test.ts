import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi, onTestFinished } from 'vitest'
import { UserError } from '../../src/errors.js'
import { buildRecord, cacheFolder, readBuild } from '../../src/runtime/cache-folder.js'
import { DRIVER_VERSION } from '../../src/setup/driver.js'
import { setupTensorFlow } from '../../src/setup/tensorflow.js'
import { cudaRequirements, fetchTensorFlow } from '../../src/setup/tensorflow-wheel.js'
import { temporaryFolder, writePip, writeProgram, zip } from './fakes.js'

const METADATA = `Metadata-Version: 2.1
Name: tensorflow
Requires-Dist: absl-py>=1.0.0
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-cudnn-cu12 (<10.0,>=9.3.0.75) ; extra == 'and-cuda'
Requires-Dist: tensorboard~=2.21; extra == "board"
`

const LIBRARIES = {
  'tensorflow/libtensorflow_cc.so.2': 'cc',
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': '',
}

/** A folder that is the whole PATH during the test. */
function onlyPath(): string {
  const folder = temporaryFolder()
  vi.stubEnv('PATH', folder)
  vi.stubEnv('CXX', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  return folder
}

describe('fetchTensorFlow', () => {
  it('unpacks the libraries and headers of the wheel and nothing else', async () => {
    const tools = onlyPath()
    const wheel = zip({ ...LIBRARIES, 'tensorflow/python/big.so': '', 'tensorflow/libother.so.2': '' })
    writePip(tools, { 'tensorflow-cpu': wheel, tensorflow: wheel })
    const folder = temporaryFolder()
    await fetchTensorFlow(folder, false, () => undefined)
    expect(readdirSync(folder)).toEqual(['tensorflow'])
    expect(readdirSync(path.join(folder, 'tensorflow')).sort()).toEqual([
      'include',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ])
    const calls = readFileSync(path.join(tools, 'calls.txt'), 'utf8')
    expect(calls).toMatch(/pip download --no-deps --only-binary=:all: --python-version 3\.11 .*==2\.21\.\*$/m)
  })

  it('fetches the NVIDIA libraries that the wheel for GPUs names', async () => {
    const tools = onlyPath()
    writePip(tools, {
      tensorflow: zip({ ...LIBRARIES, 'tensorflow-2.21.0.dist-info/METADATA': METADATA }),
      'nvidia-cublas-cu12': zip({ 'nvidia/cublas/lib/libcublas.so.12': 'x', 'x.dist-info/RECORD': '' }),
      'nvidia-cudnn-cu12': zip({ 'nvidia/cudnn/lib/libcudnn.so.9': 'x' }),
    })
    const folder = temporaryFolder()
    await fetchTensorFlow(folder, true, () => undefined)
    expect(readdirSync(folder).sort()).toEqual(['nvidia', 'tensorflow'])
    expect(existsSync(path.join(folder, 'nvidia/cublas/lib/libcublas.so.12'))).toBe(true)
    expect(existsSync(path.join(folder, 'nvidia/cudnn/lib/libcudnn.so.9'))).toBe(true)
  })

  it('says so when a wheel has no C library', async () => {
    const wheel = zip({ 'tensorflow/python/x.py': '' })
    writePip(onlyPath(), { 'tensorflow-cpu': wheel, tensorflow: wheel })
    await expect(fetchTensorFlow(temporaryFolder(), false, () => undefined)).rejects.toThrow('C library')
  })
})

it('reads what the extra and-cuda requires', () => {
  expect(cudaRequirements(METADATA)).toEqual([
    'nvidia-cublas-cu12<13.0,>=12.5.3.2',
    'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
  ])
})

describe.runIf(process.platform === 'linux')('setupTensorFlow, with something missing', () => {
  const attempt = async (options = {}) => {
    const cacheDir = temporaryFolder()
    const error = await setupTensorFlow({ cacheDir, cuda: true, ...options }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(UserError)
    expect(readdirSync(cacheDir).filter((name) => !name.startsWith('t'))).toEqual([])
    expect(existsSync(buildRecord(cacheDir))).toBe(false)
    return (error as UserError).message
  }

  it('names pip', async () => {
    onlyPath()
    expect(await attempt()).toMatch(/^pip is needed .*apt install python3-pip/)
  })

  it('passes on what pip says', async () => {
    writePip(onlyPath(), {})
    expect(await attempt()).toMatch(/^pip could not fetch .*No matching distribution.*network/)
  })

  it('names the folder that holds no TensorFlow', async () => {
    const tensorflowDir = temporaryFolder()
    expect(await attempt({ tensorflowDir })).toContain(tensorflowDir)
  })

  it.runIf(readBuild(cacheFolder()))('names the compiler', async () => {
    onlyPath()
    const cacheDir = cacheWithDriver()
    const libraries = fakeLibraries()
    await expect(setupTensorFlow({ cacheDir, tensorflowDir: libraries })).rejects.toThrow(/C\+\+ compiler/)
  })

  it.runIf(readBuild(cacheFolder()))('passes on what the compiler says', async () => {
    writeProgram(
      onlyPath(),
      'g++',
      `if (!process.argv.includes('--version')) {
         console.error('x.cc:1:2: fatal error: tensorflow/c/c_api.h: No such file')
         process.exit(1)
       }`,
    )
    const attempt = setupTensorFlow({ cacheDir: cacheWithDriver(), tensorflowDir: fakeLibraries() })
    await expect(attempt).rejects.toThrow(/could not build .*fatal error: tensorflow\/c\/c_api\.h/)
  })
})

/** Where TensorFlow is set up, its own addon stands in for what the compiler would make. */
describe.runIf(readBuild(cacheFolder()))('setupTensorFlow, compiling', () => {
  const build = readBuild(cacheFolder())

  function withCompiler(): void {
    const files = JSON.stringify([build?.gate, build?.binding])
    const from = `${files}[Number(!args.some((word) => word.endsWith('stderr-gate.cc')))]`
    const copy = `require('node:fs').copyFileSync(${from}, args[args.indexOf('-o') + 1])`
    const version = `console.log('fake g++ 1.0')`
    const body = `const args = process.argv; if (args.includes('--version')) ${version}; else ${copy}`
    writeProgram(onlyPath(), 'g++', body)
  }

  it('builds, checks, records, and is quick the second time', async () => {
    withCompiler()
    const options = { cacheDir: cacheWithDriver(), tensorflowDir: build?.libraries ?? '' }
    const first = await setupTensorFlow(options)
    expect(first).toMatchObject({ how: 'built', version: build?.version })
    expect(readBuild(options.cacheDir)).toMatchObject({ binding: first.binding, cuda: false })
    const lines: string[] = []
    const second = await setupTensorFlow({ ...options, onProgress: (line) => lines.push(line) })
    expect(second).toMatchObject({ how: 'kept', binding: first.binding })
    expect(lines).toEqual([])
  })

  it('continues after the record was not written, and after the addon was deleted', async () => {
    withCompiler()
    const options = { cacheDir: cacheWithDriver(), tensorflowDir: build?.libraries ?? '' }
    const { binding } = await setupTensorFlow(options)
    rmSync(buildRecord(options.cacheDir))
    expect((await setupTensorFlow(options)).how).toBe('built')
    rmSync(binding)
    expect((await setupTensorFlow(options)).how).toBe('built')
    // What a failing disk has left of it would end the process that loads it.
    const whole = readFileSync(binding)
    writeFileSync(binding, whole.subarray(0, whole.length / 2))
    expect((await setupTensorFlow(options)).how).toBe('built')
    expect(readFileSync(binding).equals(whole)).toBe(true)
    expect((await setupTensorFlow(options)).how).toBe('kept')
  })

  it('builds again what was built from other sources', async () => {
    withCompiler()
    const options = { cacheDir: cacheWithDriver(), tensorflowDir: build?.libraries ?? '' }
    const { binding } = await setupTensorFlow(options)
    const stale = path.join(options.cacheDir, 'binding-0123456789abcdef.node')
    renameSync(binding, stale)
    const record = readFileSync(buildRecord(options.cacheDir), 'utf8')
    writeFileSync(buildRecord(options.cacheDir), record.replace(binding, stale))
    expect(await setupTensorFlow(options)).toMatchObject({ how: 'built', binding })
  })

  it('does not record an addon that does not load', async () => {
    const body = `const args = process.argv
      if (!args.includes('--version')) require('node:fs').writeFileSync(args[args.indexOf('-o') + 1], 'no addon')`
    writeProgram(onlyPath(), 'g++', body)
    const cacheDir = cacheWithDriver()
    const attempt = setupTensorFlow({ cacheDir, tensorflowDir: build?.libraries ?? '' })
    await expect(attempt).rejects.toThrow(/does not run/)
    expect(readBuild(cacheDir)).toBeUndefined()
  })
})

function cacheWithDriver(): string {
  const cache = temporaryFolder()
  const name = `tfjs-node-gpu-${DRIVER_VERSION}`
  symlinkSync(path.join(cacheFolder(), name), path.join(cache, name))
  return cache
}

function fakeLibraries(): string {
  const folder = temporaryFolder()
  for (const name of Object.keys(LIBRARIES)) {
    const file = path.join(folder, name.replace('tensorflow/', ''))
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, '')
  }
  return folder
}
