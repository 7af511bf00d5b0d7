import { readFileSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { homeFolder } from '../files/home-folder.js'
import { fileReason, isMissing } from '../system-errors.js'

/** What `fdm setup` built, as recorded in the cache folder once it was seen to work. Paths are absolute. */
export interface TensorFlowBuild {
  /** The compiled Node addon. */
  readonly binding: string
  /** The small addon that silences standard error while the other is loaded. */
  readonly gate: string
  /** The `@tensorflow/tfjs-node-gpu` package whose JavaScript drives the addon. */
  readonly driver: string
  /** The folder of libtensorflow_cc.so.2. */
  readonly libraries: string
  /** TensorFlow's version, as the library states it. */
  readonly version: string
  /** Whether it can compute on NVIDIA GPUs. Records of older versions say whether setup was asked for that. */
  readonly cuda: boolean
  /** SHA-256 of the addon, by which a damaged one is known; records of older versions do not say. */
  readonly sha256?: string
}

/**
 * The folder shared by all checkouts that holds what `fdm setup` fetched and built: `FDM_CACHE_DIR`, else
 * `fdm` in `XDG_CACHE_HOME`, which counts only as an absolute path (XDG Base Directory Specification), else
 * `~/.cache/fdm`.
 * @throws UserError if none of these is known.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = cacheFolderIfAny(env)
  if (folder === undefined)
    throw new UserError('there is no home folder for the cache folder: set HOME or FDM_CACHE_DIR')
  return folder
}

/** The same for those that can do without: undefined if none is known. */
export function cacheFolderIfAny(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { FDM_CACHE_DIR: own, XDG_CACHE_HOME: caches } = env
  if (own) return path.resolve(own)
  if (caches && path.isAbsolute(caches)) return path.join(caches, 'fdm')
  const home = homeFolder(env)
  return home && path.join(home, '.cache', 'fdm')
}

/**
 * The file that names the build in use. Its number is raised when builds of an earlier form can no longer
 * be loaded.
 */
export function buildRecord(cache: string): string {
  return path.join(cache, 'tensorflow-build-1.json')
}

/**
 * The build recorded in a cache folder, or undefined if nothing is recorded there, or nothing that makes sense.
 * @throws UserError if the system does not let the record be read.
 */
export function readBuild(cache: string): TensorFlowBuild | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(buildRecord(cache), 'utf8'))
    return isBuild(record) ? record : undefined
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined
    const reason = fileReason(error)
    if (reason === undefined) throw error
    throw new UserError(
      `could not read ${buildRecord(cache)}: ${reason}; to use another folder, set FDM_CACHE_DIR`,
      { cause: error },
    )
  }
}

function isBuild(value: unknown): value is TensorFlowBuild {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Readonly<Record<string, unknown>>
  const texts = ['binding', 'gate', 'driver', 'libraries', 'version']
  return texts.every((key) => typeof record[key] === 'string') && typeof record.cuda === 'boolean'
}
