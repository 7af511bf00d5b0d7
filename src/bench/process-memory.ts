import { readFileSync, writeFileSync } from 'node:fs'

/** Bytes of main memory that this process has now; undefined where the system does not tell. */
export function residentMemory(): number | undefined {
  return statusBytes('VmRSS')
}

/** The most that this process had since it started, or since its peak was forgotten. */
export function peakMemory(): number | undefined {
  return statusBytes('VmHWM')
}

/** From now on the peak is the highest value that is still to come, where the system can do that. */
export function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not Linux, or not allowed: the peak then counts from the start.
  }
}

function statusBytes(field: string): number | undefined {
  try {
    const line = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
    return line ? Number(line[1]) * 1024 : undefined
  } catch {
    return undefined
  }
}
