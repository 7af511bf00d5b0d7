import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { counted } from '../counted.js'

/** A device that computes. */
export interface Device {
  readonly name: string
  readonly type: 'cpu' | 'gpu'
  /** Bytes of memory. */
  readonly memory?: number
}

/** This machine's processor and main memory. */
export function processor(): Device {
  const cores = cpus()
  return {
    name: `${cores[0]?.model.trim() ?? 'CPU'} (${counted(cores.length, 'core')})`,
    type: 'cpu',
    memory: totalmem(),
  }
}

/** Whether this machine's processor multiplies in bfloat16; false as well where Linux does not say. */
export function hasBfloat16Instructions(): boolean {
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

/** NVIDIA GPUs as the driver's own tool lists them; none if it is not there. */
export function graphicsCards(): Device[] {
  return parseGraphicsCards(
    askDriver(['--query-gpu=name,memory.total', '--format=csv,noheader,nounits']) ?? '',
  )
}

/** Bytes of all GPUs' memory that are taken, by whomever; undefined without the driver's tool. */
export function graphicsMemoryUsed(): number | undefined {
  const lines = askDriver(['--query-gpu=memory.used', '--format=csv,noheader,nounits'])?.trim().split('\n')
  return lines?.reduce((sum, mebibytes) => sum + Number(mebibytes) * 2 ** 20, 0)
}

/** What the driver's own tool answers; undefined if it is not there. */
function askDriver(query: readonly string[]): string | undefined {
  try {
    return execFileSync('nvidia-smi', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

/** Reads lines such as `NVIDIA H200, 143771`: name and MiB. */
export function parseGraphicsCards(table: string): Device[] {
  return table
    .split('\n')
    .filter((line) => line.includes(','))
    .map((line) => {
      const [name = '', mebibytes = ''] = line.split(',').map((field) => field.trim())
      const memory = Number(mebibytes) * 2 ** 20
      return memory > 0 ? { name, type: 'gpu', memory } : { name, type: 'gpu' }
    })
}
