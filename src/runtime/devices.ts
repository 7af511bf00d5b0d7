import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { counted } from '../counted.js'
import { visibleCards, type CardName } from './visible-cards.js'

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

/**
 * NVIDIA GPUs as the driver's own tool lists them, without those that CUDA_VISIBLE_DEVICES hides, in its order; none
 * if the tool is not there. It numbers them as CUDA does with CUDA_DEVICE_ORDER=PCI_BUS_ID: the order that CUDA takes
 * by itself, the fastest first, is another one only where they are of several kinds.
 */
export function graphicsCards(env: NodeJS.ProcessEnv = process.env): Device[] {
  const part = (uuid: string) => ({
    index: -1,
    uuid,
    card: { name: 'a part of an NVIDIA GPU', type: 'gpu' } as const,
  })
  const cards = visibleCards(askCards('name,memory.total', asCard), env.CUDA_VISIBLE_DEVICES, part)
  return cards.map(({ card }) => card)
}

/**
 * Bytes of these GPUs' memory that are taken, by whomever; undefined where the driver's tool is not there or does not
 * say.
 */
export function graphicsMemoryUsed(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const part = (uuid: string) => ({ index: -1, uuid, card: NaN })
  const cards = visibleCards(
    askCards('memory.used', ([mebibytes]) => Number(mebibytes) * 2 ** 20),
    env.CUDA_VISIBLE_DEVICES,
    part,
  )
  const known = cards.map(({ card }) => card).filter((bytes) => !isNaN(bytes))
  return known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0)
}

interface ListedCard<T> extends CardName {
  readonly card: T
}

/** What the driver's own tool says about all cards. */
function askCards<T>(fields: string, read: (values: readonly string[]) => T): ListedCard<T>[] {
  const query = [`--query-gpu=index,uuid,${fields}`, '--format=csv,noheader,nounits']
  return tableRows(askDriver(query) ?? '').map(([index, uuid = '', ...values]) => {
    return { index: Number(index), uuid, card: read(values) }
  })
}

/** What the driver's own tool answers; undefined if it is not there. */
function askDriver(query: readonly string[]): string | undefined {
  try {
    return execFileSync('nvidia-smi', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

/** Reads lines such as `0, GPU-8932f937, NVIDIA H200, 143771`. */
function tableRows(table: string): string[][] {
  const lines = table.split('\n').filter((line) => line.includes(','))
  return lines.map((line) => line.split(',').map((field) => field.trim()))
}

/** A card's name and MiB, which some do not have: their memory is the machine's. */
function asCard([name = '', mebibytes = '']: readonly string[]): Device {
  const memory = Number(mebibytes) * 2 ** 20
  return memory > 0 ? { name, type: 'gpu', memory } : { name, type: 'gpu' }
}
