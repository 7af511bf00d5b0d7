import { UserError } from '../src/errors.js'
import { JOB_VARIABLE } from '../src/ranks/launcher.js'
import { INTERRUPTED } from './interrupted.js'
import { createTerminal, type Terminal } from './terminal.js'

/** Exit statuses besides 0: what the person can mend, a fault of the program (sysexits' EX_SOFTWARE). */
const FAILED = 1
const FAULT = 70

/**
 * Runs a program in this process: the one place that turns errors into a line and a status, and that exits.
 * A first Ctrl-C lets the program stop where nothing is lost; a second one ends it at once.
 */
export async function main(program: (terminal: Terminal) => Promise<void>): Promise<never> {
  const abort = new AbortController()
  let interruption: keyof typeof INTERRUPTED | undefined
  const interrupt = (signal: keyof typeof INTERRUPTED) => {
    if (interruption) process.exit(INTERRUPTED[signal])
    interruption = signal
    // Of several ranks the process that started them says it.
    if (!process.env[JOB_VARIABLE])
      process.stderr.write('\nstopping after the current step; once more to stop at once\n')
    abort.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  // A reader that has gone, as in `fdm doctor | head -1`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : FAULT),
  )

  let status = 0
  try {
    await program(createTerminal(abort.signal))
  } catch (error) {
    // What the program throws because it was told to stop is no news.
    if (!interruption || error instanceof UserError) status = report(error)
  }
  process.exit(interruption ? INTERRUPTED[interruption] : status)
}

function report(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(`fdm: ${error.message.replace(/\s*\n\s*/g, ' ')}\n`)
    return FAILED
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`fdm: a fault of the program:\n${trace}\n`)
  return FAULT
}
