import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { UserError } from '../errors.js'
import { cacheFolderIfAny, readBuild } from '../runtime/cache-folder.js'
import { graphicsCards } from '../runtime/devices.js'
import { startRuntime } from '../runtime/start.js'
import { findCompiler } from './compiler.js'
import { findFfmpeg } from './ffmpeg.js'
import { findPip } from './pip.js'

/** One fact about this machine. `advice` says what to do about it, where something can be done. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'missing'
  readonly detail: string
  readonly advice?: string
}

/** Looks at everything the program needs or can use. Changes nothing, except that a backend is started. */
export async function examine(folder = process.cwd(), env = process.env): Promise<Check[]> {
  const backend = await checkBackend(env)
  const built = backend.some(({ name, status }) => name === 'TensorFlow' && status === 'ok')
  return [
    checkNode(process.versions.node),
    ...backend,
    checkFfmpeg(env),
    // Only a setup still to come needs these.
    await checkPip(built),
    await checkCompiler(built, env),
    await checkDisk('disk here', folder, 2),
    await checkCache(cacheFolderIfAny(env), built ? 0 : 3),
  ]
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return { name: 'Node', status: 'ok', detail: version }
  return { name: 'Node', status: 'missing', detail: version, advice: 'install Node 20.19 or later' }
}

async function checkBackend(env: NodeJS.ProcessEnv): Promise<Check[]> {
  const { tensorflow, runtime } = await startBest()
  const device = runtime.devices.map(({ name, memory }) => {
    return memory === undefined ? name : `${name}, ${gigabytes(memory)}`
  })
  const checks: Check[] = [
    { name: 'backend', status: tensorflow.status === 'ok' ? 'ok' : 'warn', detail: runtime.description },
    tensorflow,
    { name: 'devices', status: 'ok', detail: device.join('; ') },
  ]
  const idle = runtime.devices.some(({ type }) => type === 'gpu') ? [] : graphicsCards()
  if (idle.length === 0) return checks
  const cache = cacheFolderIfAny(env)
  const cuda = cache !== undefined && readBuild(cache)?.cuda === true
  const advice = cuda ? 'update the NVIDIA driver: CUDA 12 is needed' : 'run "npx fdm setup --cuda"'
  const detail = `${idle.map(({ name }) => name).join(', ')}: not used`
  return [...checks, { name: 'GPU', status: 'warn', detail, advice }]
}

async function startBest(): Promise<{
  tensorflow: Check
  runtime: Awaited<ReturnType<typeof startRuntime>>
}> {
  try {
    const runtime = await startRuntime({ backend: 'tensorflow' })
    const detail = runtime.tensorflowVersion ?? 'of unknown version'
    return { runtime, tensorflow: { name: 'TensorFlow', status: 'ok', detail } }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const tensorflow: Check = {
      name: 'TensorFlow',
      status: 'missing',
      detail: error.message,
      advice: 'run "npx fdm setup"; WebAssembly works meanwhile, 4 to 18 times slower',
    }
    return { runtime: await startRuntime({ backend: 'wasm' }), tensorflow }
  }
}

function checkFfmpeg(env: NodeJS.ProcessEnv): Check {
  const name = 'ffmpeg'
  const advice = 'run "npx fdm setup"; without it there are no mp4 files, GIFs still work'
  try {
    const program = findFfmpeg(env)
    return program === undefined
      ? { name, status: 'missing', detail: 'none found', advice }
      : { name, status: 'ok', detail: program }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { name, status: 'missing', detail: error.message, advice: 'correct or unset FFMPEG_PATH' }
  }
}

async function checkPip(built: boolean): Promise<Check> {
  const pip = await findPip()
  if (pip) return { name: 'pip', status: 'ok', detail: pip.join(' ') }
  const advice = 'install Python 3 with pip (Debian, Ubuntu: apt install python3-pip)'
  return { name: 'pip', status: built ? 'warn' : 'missing', detail: 'none found', advice }
}

async function checkCompiler(built: boolean, env: NodeJS.ProcessEnv): Promise<Check> {
  const compiler = await findCompiler(env)
  const name = 'C++ compiler'
  if (compiler) return { name, status: 'ok', detail: `${compiler.command}: ${compiler.version}` }
  const advice = 'install g++ (Debian, Ubuntu: apt install g++), or name a compiler in CXX'
  return { name, status: built ? 'warn' : 'missing', detail: 'none found', advice }
}

async function checkCache(folder: string | undefined, wanted: number): Promise<Check> {
  const name = 'disk of the cache'
  if (folder !== undefined) return checkDisk(name, folder, wanted)
  const advice = 'set HOME, or FDM_CACHE_DIR to a folder where setup may put TensorFlow'
  return { name, status: wanted > 0 ? 'missing' : 'warn', detail: 'there is no home folder', advice }
}

/** @param wanted gigabytes below which there is a warning */
async function checkDisk(name: string, folder: string, wanted: number): Promise<Check> {
  let nearest = path.resolve(folder)
  while (!existsSync(nearest)) nearest = path.dirname(nearest)
  const { bavail, bsize } = await statfs(nearest)
  const detail = `${gigabytes(bavail * bsize)} free in ${folder}`
  if (bavail * bsize >= wanted * 1e9) return { name, status: 'ok', detail }
  return { name, status: 'warn', detail, advice: `make room: ${wanted} GB are needed` }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 10e9 ? 1 : 0)} GB`
}
