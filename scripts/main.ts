import { once } from 'node:events'
import { isatty } from 'node:tty'
import { LostWork, UserError } from '../src/errors.js'
import { nextTurn } from '../src/next-turn.js'
import { JOB_VARIABLE } from '../src/ranks/launcher.js'
import { fileReason, isMissing } from '../src/system-errors.js'
import { INTERRUPTED, Interruption } from './interrupted.js'
import { watchShellOfNpx } from './shell-of-npx.js'
import { createTerminal, type Terminal } from './terminal.js'

/** Exit statuses besides 0: what the person can mend, a fault of the program (sysexits' EX_SOFTWARE). */
const FAILED = 1
const FAULT = 70

/** Milliseconds in which further signals are the same wish: npm passes on what the terminal sends to all anyway. */
const ONE_WISH = 1000

/**
 * Runs a program in this process: the one place that turns errors into a line and a status, and that exits.
 * A first Ctrl-C lets the program stop where nothing is lost, as does a terminal that closes or a reader of its
 * output that has gone; a second one ends it at once.
 */
export async function main(program: (terminal: Terminal) => Promise<void>): Promise<never> {
  const abort = new AbortController()
  let interruption: keyof typeof INTERRUPTED | undefined
  let isAnotherWish = false
  const interrupt = (signal: keyof typeof INTERRUPTED) => {
    if (isAnotherWish) process.exit(INTERRUPTED[signal])
    if (interruption) return
    interruption = signal
    // What came in the meantime, while something was computed, is taken first: hence the immediate.
    setTimeout(() => setImmediate(() => (isAnotherWish = true)), ONE_WISH).unref()
    // Of several ranks the process that started them says it.
    if (!process.env[JOB_VARIABLE] && signal !== 'SIGPIPE')
      process.stderr.write('\nstopping where nothing is lost; once more to stop at once\n')
    abort.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  // Node forgets what nohup has asked for. What has no terminal goes on when one closes.
  const hasTerminal = [0, 1, 2].some((fd) => isatty(fd))
  let isLeftAlone = false
  process.on('SIGHUP', hasTerminal ? interrupt : () => (isLeftAlone = true))
  // Ranks end with the process that started them.
  if (!process.env[JOB_VARIABLE])
    watchShellOfNpx(() => {
      if (!interruption && !isLeftAlone) interrupt('SIGTERM')
    })
  const unheard = hearFailures(() => {
    if (!interruption) interrupt('SIGPIPE')
  })

  let [status, isLoss] = [0, false]
  try {
    await program(createTerminal(abort.signal))
  } catch (error) {
    if (error instanceof Interruption) interruption ??= error.signal
    isLoss = error instanceof LostWork
    // What the program throws because it was told to stop is no news.
    if (!interruption || error instanceof UserError) status = report(error)
  }
  await Promise.race([allSaid(), once(abort.signal, 'abort')])
  // What the last line came to is known after this turn.
  await nextTurn()
  const failure = unheard()
  if (!interruption && status === 0 && failure !== undefined) status = report(failure)
  // Whoever starts it again after a signal relies on what that status says: all is saved.
  process.exit(interruption && !isLoss ? INTERRUPTED[interruption] : status)
}

/** Waits until all that was said is out: a pipe holds 64 KB, and what its reader has not made room for ends with us. */
async function allSaid(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()))
}

/**
 * Lets the program go on when what it says cannot be written: a terminal has gone, or the disk of the file that
 * it goes to is full.
 * @param onGone called when the reader of a pipe has gone, as in `fdm doctor | head -1`
 * @returns a function that gives what else went wrong with the output first
 */
function hearFailures(onGone: () => void): () => UserError | undefined {
  let failure: UserError | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') onGone()
    else
      failure ??= new UserError(`could not write to standard output: ${fileReason(error) ?? error.message}`)
  })
  // Progress alone goes there, and what stdout's failure says besides.
  process.stderr.on('error', () => undefined)
  return () => failure
}

function report(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(`fdm: ${error.message.replace(/\s*\n\s*/g, ' ')}\n`)
    return FAILED
  }
  const place = error instanceof Error && 'path' in error ? error.path : undefined
  const reason = isMissing(error) ? undefined : fileReason(error)
  // Rights and disks may be anything anywhere, also where nobody has thought of it.
  if (typeof place === 'string' && reason !== undefined) {
    process.stderr.write(`fdm: could not use ${place}: ${reason}\n`)
    return FAILED
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`fdm: a fault of the program:\n${trace}\n`)
  return FAULT
}
