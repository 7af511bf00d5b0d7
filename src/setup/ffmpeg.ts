import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { UserError } from '../errors.js'
import { fileReason } from '../system-errors.js'
import { cacheFolder, cacheFolderIfAny } from '../runtime/cache-folder.js'
import { downloadWheels } from './pip.js'
import { provide, withCache } from './provide.js'
import { unzip } from './unzip.js'

/** The release of imageio-ffmpeg whose wheel is fetched; it holds ffmpeg 7. */
const WHEEL = 'imageio-ffmpeg==0.6.*'
const FOLDER = 'ffmpeg-imageio-0.6'

/**
 * The path of an ffmpeg program that was seen to run: the one that `FFMPEG_PATH` names, else that of the
 * package ffmpeg-static, the system's, or the one `setupFfmpeg` fetched. Undefined if there is none.
 * @throws UserError if `FFMPEG_PATH` names one that does not run.
 */
export function findFfmpeg(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.FFMPEG_PATH) {
    if (runs(env.FFMPEG_PATH)) return env.FFMPEG_PATH
    throw new UserError(`FFMPEG_PATH names ${env.FFMPEG_PATH}, which does not run: correct or unset it`)
  }
  const candidates = [packaged, () => onPath(env), () => fetchedBefore(env)]
  for (const candidate of candidates) {
    const program = candidate()
    if (program !== undefined && runs(program)) return program
  }
  return undefined
}

export interface FfmpegSetupOptions {
  /** Told in one line what is being done. */
  readonly onProgress?: (line: string) => void
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Finds ffmpeg, or fetches one into the cache folder: the program inside the Python package
 * imageio-ffmpeg, a current build that depends on nothing.
 * @returns the program's path.
 * @throws UserError if there is none and pip is missing or fails.
 */
export async function setupFfmpeg({
  onProgress = () => undefined,
  env = process.env,
}: FfmpegSetupOptions = {}): Promise<string> {
  const found = findFfmpeg(env)
  if (found !== undefined) return found
  const cache = cacheFolder(env)
  const onWait = () => onProgress('waiting for another setup to finish')
  const folder = await withCache(cache, onWait, () => {
    return provide(cache, FOLDER, (temporary) => {
      onProgress('fetching ffmpeg with pip (30 MB)')
      return fetchProgram(temporary)
    })
  })
  const program = fetchedInto(folder)
  if (program === undefined || !runs(program)) {
    throw new UserError(
      `the ffmpeg in ${folder} does not run here: install ffmpeg, or name one in FFMPEG_PATH`,
    )
  }
  return program
}

async function fetchProgram(folder: string): Promise<void> {
  const downloads = path.join(folder, 'downloads')
  mkdirSync(downloads, { recursive: true })
  for (const wheel of await downloadWheels([WHEEL], downloads)) {
    await unzip(wheel, downloads, (entry) => /^imageio_ffmpeg\/binaries\/ffmpeg-[^/]+$/.test(entry))
  }
  const binaries = path.join(downloads, 'imageio_ffmpeg/binaries')
  for (const name of readdirSync(binaries)) {
    renameSync(path.join(binaries, name), path.join(folder, name))
    chmodSync(path.join(folder, name), 0o755)
  }
  rmSync(downloads, { recursive: true })
}

/** The program of the optional package ffmpeg-static; its install script may not have fetched it. */
function packaged(): string | undefined {
  try {
    const program: unknown = createRequire(import.meta.url)('ffmpeg-static')
    return typeof program === 'string' ? program : undefined
  } catch {
    return undefined
  }
}

function onPath(env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => path.join(folder, 'ffmpeg')).find(runs)
}

/** What was fetched into the cache folder, if there is one. */
function fetchedBefore(env: NodeJS.ProcessEnv): string | undefined {
  const cache = cacheFolderIfAny(env)
  return cache && fetchedInto(path.join(cache, FOLDER))
}

function fetchedInto(folder: string): string | undefined {
  try {
    const name = readdirSync(folder).find((entry) => entry.startsWith('ffmpeg'))
    return name === undefined ? undefined : path.join(folder, name)
  } catch (error) {
    // What may not be looked into may not be run either.
    if (fileReason(error) !== undefined) return undefined
    throw error
  }
}

function runs(program: string): boolean {
  try {
    execFileSync(program, ['-version'], { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}
