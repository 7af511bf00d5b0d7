import { readFileSync } from 'node:fs'

/** Milliseconds between two looks. */
const INTERVAL = 500

/**
 * Under npx the parent of this process is a shell. npm sends a SIGTERM on to that alone, which ends; this process
 * gets no signal, and would run on unnoticed.
 * @param onGone called once when that shell has ended
 */
export function watchShellOfNpx(onGone: () => void): void {
  if (process.env.npm_lifecycle_event !== 'npx' || !isShell(process.ppid)) return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    // A signal that came at the same time is heard first.
    setTimeout(onGone, INTERVAL).unref()
  }, INTERVAL).unref()
}

/** Whether a process is a shell with a command, as in `sh -c ..`: what inherits npx's variables may have any parent. */
function isShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] === '-c'
  } catch {
    return false
  }
}
