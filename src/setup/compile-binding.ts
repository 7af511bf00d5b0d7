import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { runCompiler } from './compiler.js'
import { packageRoot } from './package-root.js'

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

/** Whether a folder holds what the addon is compiled against. */
export function hasLibraries(folder: string): boolean {
  return [...LIBRARIES, 'include/tensorflow/c/c_api.h'].every((name) => existsSync(path.join(folder, name)))
}

/**
 * The binding's file name in the cache. It changes with everything the binding is made of, so that no
 * stale one is taken for current.
 */
export function bindingName(driver: string, libraries: string): string {
  const files = [...driverSources(driver), ...extensionFiles(), ...operationFiles()]
  return addonName('binding', files, JSON.stringify([libraries, RENAMED, OPERATION_SETTINGS]))
}

/** The file name of the addon that silences standard error. */
export function gateName(): string {
  return addonName('stderr-gate', [gateSource()], '')
}

/**
 * Compiles the driver's binding together with what is added to it. It depends on the Node-API alone, not on
 * a version of Node, and finds the libraries by their absolute path. Our own operations are left out where
 * they do not compile: not every TensorFlow comes with the headers they need.
 * @param onLeftOut told why, in that case
 * @throws UserError if there is no compiler or it fails.
 */
export async function compileBinding(
  driver: string,
  libraries: string,
  output: string,
  onLeftOut: (reason: string) => void,
): Promise<void> {
  const objects = `${output}.objects`
  mkdirSync(objects, { recursive: true })
  const include = [path.join(libraries, 'include'), driver].map((folder) => `-I${folder}`)
  const compile = async (source: string, settings: readonly string[]) => {
    const object = path.join(objects, `${path.basename(source, '.cc')}.o`)
    await runCompiler(['-c', source, ...include, ...settings, '-o', object])
    return object
  }
  let reason: string | undefined
  const compileOperation = async (source: string) => {
    if (reason !== undefined) return undefined
    try {
      return await compile(source, OPERATION_SETTINGS)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      reason ??= error.message
      return undefined
    }
  }
  const [operations = [], rest = []] = await sideBySide([
    operationFiles()
      .filter(isSource)
      .map((source) => () => compileOperation(source)),
    [
      ...driverSources(driver).map((source) => () => compile(source, RENAMED)),
      ...extensionFiles()
        .filter(isSource)
        .map((source) => () => compile(source, LOOP_SETTINGS)),
    ],
  ])
  if (reason !== undefined) onLeftOut(reason)
  const parts = [...rest, ...(reason === undefined ? operations : [])].filter((part) => part !== undefined)
  await runCompiler([
    ...['-shared', ...parts],
    ...LIBRARIES.map((name) => path.join(libraries, name)),
    ...[`-Wl,-rpath,${libraries}`, '-o', output],
  ])
}

/**
 * Compiles the addon that silences standard error.
 * @throws UserError if there is no compiler or it fails.
 */
export async function compileGate(output: string): Promise<void> {
  await runCompiler(['-shared', gateSource(), '-o', output])
}

/**
 * Two names in the driver's sources that stand for functions of ours instead: the maker of its context, and
 * its entry point, which is called by ours.
 */
const RENAMED = ['-DTFE_NewContext=FdmNewContext', '-Dnapi_register_module_v1=FdmInitBinding']

/** What the compiler may do to loops over floating-point numbers: fuse multiplications and additions. */
const LOOP_SETTINGS = ['-O3', '-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast']

/** How TensorFlow's Python package is compiled as well, as far as it changes the layout of what is shared with it. */
const OPERATION_SETTINGS = ['-D_GLIBCXX_USE_CXX11_ABI=1', '-DEIGEN_MAX_ALIGN_BYTES=64', ...LOOP_SETTINGS]

/**
 * Runs lists of tasks, two at a time, as each needs much memory: one worker begins with the first list, the
 * other with the last, and whoever is done helps the other.
 * @returns the results, list by list
 */
async function sideBySide<T>(lists: readonly (readonly (() => Promise<T>)[])[]): Promise<T[][]> {
  const results: T[][] = lists.map(() => [])
  const waiting = lists.flatMap((tasks, list) => tasks.map((run) => ({ run, list })))
  const work = async (next: () => (typeof waiting)[number] | undefined) => {
    for (let task = next(); task; task = next()) results[task.list]?.push(await task.run())
  }
  await Promise.all([work(() => waiting.shift()), work(() => waiting.pop())])
  return results
}

function driverSources(driver: string): string[] {
  return filesOf(path.join(driver, 'binding')).filter(isSource)
}

/** What is added to the binding, headers included. */
function extensionFiles(): string[] {
  const others = [gateSource(), profilerSource()]
  return filesOf(nativeFolder()).filter((file) => /\.(cc|h)$/.test(file) && !others.includes(file))
}

/** What needs more of TensorFlow's headers: operations of our own, headers included, and the profiler. */
function operationFiles(): string[] {
  return [...filesOf(path.join(nativeFolder(), 'operations')), profilerSource()]
}

function profilerSource(): string {
  return path.join(nativeFolder(), 'profiler.cc')
}

function gateSource(): string {
  return path.join(nativeFolder(), 'stderr-gate.cc')
}

function nativeFolder(): string {
  return path.join(packageRoot(), 'native')
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name))
}

function isSource(file: string): boolean {
  return file.endsWith('.cc')
}

function addonName(name: string, sources: readonly string[], settings: string): string {
  const hash = createHash('sha256').update(settings)
  for (const source of sources) hash.update(readFileSync(source))
  return `${name}-${hash.digest('hex').slice(0, 16)}.node`
}
