/** Milliseconds between two looks. */
const INTERVAL = 500

/**
 * Under npx the parent of this process is a shell, which ends when npm passes on a SIGTERM to it: of that this
 * process hears nothing, and would go on without anybody who knows of it.
 * @param onGone called once when that shell has ended
 */
export function watchShellOfNpx(onGone: () => void): void {
  if (process.env.npm_lifecycle_event !== 'npx') return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    // A signal that came at the same time is heard first.
    setTimeout(onGone, INTERVAL).unref()
  }, INTERVAL).unref()
}
