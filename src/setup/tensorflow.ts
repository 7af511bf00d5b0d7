import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { writeFileAtomic } from '../files/write-file.js'
import { buildRecord, cacheFolder, readBuild, type TensorFlowBuild } from '../runtime/cache-folder.js'
import { graphicsCards } from '../runtime/devices.js'
import { findTensorFlow } from '../runtime/find-tensorflow.js'
import { checkBinding, type CheckedBinding } from './check-binding.js'
import { bindingName, compileBinding, compileGate, gateName, hasLibraries } from './compile-binding.js'
import { DRIVER_VERSION, driverIn, installDriver, installedDriver } from './driver.js'
import { provide, withCache } from './provide.js'
import { findPythonTensorFlow } from './python-tensorflow.js'
import { fetchTensorFlow, TENSORFLOW_SERIES } from './tensorflow-wheel.js'

export interface TensorFlowSetupOptions {
  /** Where to keep it all. Default: the cache folder. */
  readonly cacheDir?: string
  /** A folder with libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include, to use instead of fetching. */
  readonly tensorflowDir?: string
  /** Take the libraries for NVIDIA GPUs. */
  readonly cuda?: boolean
  /** Told in one line what is being done. */
  readonly onProgress?: (line: string) => void
}

export interface TensorFlowSetup {
  /** `package`: a tfjs-node(-gpu) that was installed already; `kept`: an earlier build; `built`: a new one. */
  readonly how: 'package' | 'kept' | 'built'
  readonly binding: string
  /** TensorFlow's. */
  readonly version: string
}

/**
 * Sees to it that the backend `tensorflow` can be started: uses what is installed or was built before, else
 * fetches TensorFlow's libraries, compiles the addon, and runs a convolution on it. Each step is kept when
 * it is whole, so a run that was killed is continued by the next; two at once wait for each other.
 * @throws UserError saying what is missing.
 */
export async function setupTensorFlow(options: TensorFlowSetupOptions = {}): Promise<TensorFlowSetup> {
  const { cacheDir = cacheFolder(), tensorflowDir, cuda = false, onProgress = () => undefined } = options
  if (process.platform !== 'linux') {
    throw new UserError(
      `TensorFlow is set up on Linux alone, this is ${process.platform}: use --backend wasm`,
    )
  }
  const libraries = tensorflowDir === undefined ? undefined : path.resolve(tensorflowDir)
  if (libraries !== undefined && !hasLibraries(libraries)) {
    throw new UserError(
      `no TensorFlow in ${libraries}: expected libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include/ there`,
    )
  }
  if (libraries === undefined && !cuda) {
    const installed = await installedPackage(cacheDir)
    if (installed) return installed
  }
  const kept = keptBuild(cacheDir, libraries, cuda)
  if (kept) return kept
  const onWait = () => onProgress('waiting for another setup to finish')
  return withCache(cacheDir, onWait, async () => {
    // Another process may have finished it while this one waited.
    return keptBuild(cacheDir, libraries, cuda) ?? (await build(cacheDir, libraries, cuda, onProgress))
  })
}

function keptBuild(cache: string, libraries: string | undefined, cuda: boolean): TensorFlowSetup | undefined {
  const record = readBuild(cache)
  if (!record || !existsSync(record.binding) || !existsSync(record.gate) || !existsSync(record.driver))
    return undefined
  if (!hasLibraries(record.libraries) || !isCurrent(record) || isDamaged(record)) return undefined
  if (libraries !== undefined && libraries !== record.libraries) return undefined
  if (cuda && !record.cuda) return undefined
  return { how: 'kept', binding: record.binding, version: record.version }
}

/** Whether it was built from the sources of this version. */
function isCurrent({ binding, gate, driver, libraries }: TensorFlowBuild): boolean {
  return path.basename(binding) === bindingName(driver, libraries) && path.basename(gate) === gateName()
}

/** Whether a failing disk has left another addon than was checked: one cut short ends the process that loads it. */
function isDamaged({ binding, sha256 }: TensorFlowBuild): boolean {
  return sha256 !== undefined && existsSync(binding) && sha256Of(binding) !== sha256
}

const sha256Of = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

async function installedPackage(cache: string): Promise<TensorFlowSetup | undefined> {
  for (const { origin, binding, driver } of findTensorFlow({ cache })) {
    if (origin !== 'package') continue
    try {
      return { how: 'package', binding, version: (await checkBinding(binding, driver)).version }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
  return undefined
}

async function build(
  cache: string,
  given: string | undefined,
  cuda: boolean,
  onProgress: (line: string) => void,
): Promise<TensorFlowSetup> {
  const python = given === undefined && !cuda ? await findPythonTensorFlow() : undefined
  if (python !== undefined) onProgress(`found TensorFlow for Python in ${python}`)
  const libraries = given ?? python ?? (await fetched(cache, cuda, onProgress))
  const driver = installedDriver() ?? (await fetchedDriver(cache, onProgress))
  const before = readBuild(cache)
  if (before && isDamaged(before)) rmSync(before.binding)
  const binding = await provide(cache, bindingName(driver, libraries), async (temporary) => {
    onProgress('compiling the binding (about a minute)')
    await compileBinding(driver, libraries, temporary, (reason) => {
      onProgress(`some parts will be slower: ${reason}`)
    })
  })
  const gate = await provide(cache, gateName(), compileGate)
  onProgress('running a convolution')
  const checked = await checkBinding(binding, driver)
  const record: TensorFlowBuild = {
    binding,
    gate,
    driver,
    libraries,
    cuda: canUseGpu(checked, cuda, given === undefined),
    version: checked.version,
    sha256: sha256Of(binding),
  }
  writeFileAtomic(buildRecord(cache), JSON.stringify(record, undefined, 2) + '\n')
  return { how: 'built', binding, version: checked.version }
}

/**
 * Whether a build is for GPUs: it uses one, or was built so and would, if there was one here. A TensorFlow for Python
 * may be built so and lack NVIDIA's libraries, which are fetched with our own.
 */
function canUseGpu({ gpu, builtForGpu }: CheckedBinding, asked: boolean, isFetched: boolean): boolean {
  const canBeTried = graphicsCards().length > 0
  return gpu || ((builtForGpu ?? asked) && ((asked && isFetched) || !canBeTried))
}

async function fetchedDriver(cache: string, onProgress: (line: string) => void): Promise<string> {
  const folder = await provide(cache, `tfjs-node-gpu-${DRIVER_VERSION}`, (temporary) => {
    onProgress(`fetching @tensorflow/tfjs-node-gpu ${DRIVER_VERSION} with npm`)
    return installDriver(temporary)
  })
  return driverIn(folder)
}

async function fetched(cache: string, cuda: boolean, onProgress: (line: string) => void): Promise<string> {
  const name = `tensorflow-${TENSORFLOW_SERIES}-${cuda ? 'cuda' : 'cpu'}`
  const folder = await provide(cache, name, (temporary) => fetchTensorFlow(temporary, cuda, onProgress))
  return path.join(folder, 'tensorflow')
}
