import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { cacheFolderIfAny, readBuild } from './cache-folder.js'

/** A TensorFlow addon on this machine, not loaded yet. Paths are absolute. */
export interface TensorFlowFound {
  readonly origin: 'package' | 'setup'
  /** The compiled addon. */
  readonly binding: string
  /** The folder of the tfjs-node(-gpu) package whose JavaScript drives it. */
  readonly driver: string
  /** That package's name, which its backend is told. */
  readonly driverName: string
  /** An addon that silences standard error, to be used while the library is loaded. */
  readonly gate?: string
  /** Whether it was made for GPUs, as far as that is known without loading it. */
  readonly cuda: boolean
  /** The folder of the TensorFlow libraries, where it is known. */
  readonly libraries?: string
}

export interface WhereToLook {
  /** Folders whose `node_modules`, and those above, are looked through. Default: the current one and ours. */
  readonly folders?: readonly string[]
  /** The cache folder of `fdm setup`. Default: the one there is, if any. */
  readonly cache?: string | undefined
}

/**
 * TensorFlow addons in the order of preference: first a tfjs-node-gpu or tfjs-node that was installed
 * with its addon, then what `fdm setup` built. Whether they load is not tried.
 */
export function findTensorFlow({
  folders = [process.cwd(), import.meta.dirname],
  cache = cacheFolderIfAny(),
}: WhereToLook = {}): TensorFlowFound[] {
  const names = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']
  const installed = folders.flatMap((folder) => names.flatMap((name) => installedPackage(folder, name)))
  const build = cache === undefined ? undefined : readBuild(cache)
  if (build && existsSync(build.binding)) {
    const { binding, gate, driver, libraries, cuda } = build
    const driverName = packageName(driver)
    installed.push({ origin: 'setup', binding, gate, driver, driverName, cuda, libraries })
  }
  return installed.filter(({ binding }, i) => installed.findIndex((other) => other.binding === binding) === i)
}

function installedPackage(folder: string, name: string): TensorFlowFound[] {
  const driver = resolvePackage(folder, name)
  if (driver === undefined) return []
  const lib = path.join(driver, 'lib')
  if (!existsSync(lib)) return []
  return readdirSync(lib)
    .filter((entry) => entry.startsWith('napi-v'))
    .map((entry) => path.join(lib, entry, 'tfjs_binding.node'))
    .filter((binding) => existsSync(binding))
    .map((binding) => ({ origin: 'package', binding, driver, driverName: name, cuda: name.endsWith('-gpu') }))
}

/** The folder of the package `name` as a file in `folder` would import it, or undefined. */
export function resolvePackage(folder: string, name: string): string | undefined {
  try {
    return path.dirname(createRequire(path.join(folder, 'any.js')).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

function packageName(folder: string): string {
  return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name: string }).name
}
