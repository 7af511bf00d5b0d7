import { readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '../files/write-file.js'
import type { Precision } from './compile-settings.js'

/** What steps are computed with, as far as it decides whether XLA makes them faster. */
export interface XlaSetting {
  readonly device: string
  /** Version of the library. */
  readonly tensorflow: string
  readonly precision: Precision
}

/** What a benchmark found out. */
export interface XlaFinding extends XlaSetting {
  /** Whether steps are faster with XLA. */
  readonly pays: boolean
}

/**
 * Whether steps were found to be faster with XLA on this machine; no if nothing is known.
 * @param cache the cache folder, if there is one
 */
export function xlaPays(cache: string | undefined, setting: XlaSetting): boolean {
  return (
    cache !== undefined &&
    findingsIn(cache).some((finding) => finding.pays && isSameSetting(finding, setting))
  )
}

/** Writes a finding down in the cache folder, in place of an earlier one of the same setting. */
export function rememberXla(cache: string, finding: XlaFinding): void {
  const others = findingsIn(cache).filter((other) => !isSameSetting(other, finding))
  writeFileAtomic(fileIn(cache), `${JSON.stringify([...others, finding], undefined, 2)}\n`)
}

const fileIn = (cache: string) => path.join(cache, 'xla-findings.json')

function isSameSetting(a: XlaSetting, b: XlaSetting): boolean {
  return a.device === b.device && a.tensorflow === b.tensorflow && a.precision === b.precision
}

/** Nothing if the file is missing, broken or not to be read: it can be measured again. */
function findingsIn(cache: string): readonly XlaFinding[] {
  try {
    const findings: unknown = JSON.parse(readFileSync(fileIn(cache), 'utf8'))
    return Array.isArray(findings) ? findings.filter(isFinding) : []
  } catch {
    return []
  }
}

function isFinding(value: unknown): value is XlaFinding {
  if (typeof value !== 'object' || value === null) return false
  const { device, tensorflow, precision, pays } = value as Readonly<Record<string, unknown>>
  const texts = [device, tensorflow, precision]
  return texts.every((text) => typeof text === 'string') && typeof pays === 'boolean'
}
