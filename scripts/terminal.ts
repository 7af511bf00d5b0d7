import { progressBar, type ProgressBar } from './progress.js'

/** Where a command reports to. */
export interface Terminal {
  /** Fires when the person wants to stop (Ctrl-C). Pass it on to whatever takes long. */
  readonly signal: AbortSignal
  /** One line of result or news, to stdout. Safe while a bar is shown. */
  log(line: string): void
  /** Shows a bar; stop it when the part is over, also after an error. */
  progress(title: string): ProgressBar
}

/** The terminal this process runs in. */
export function createTerminal(signal: AbortSignal): Terminal {
  let shown: ProgressBar | undefined
  return {
    signal,
    log(line) {
      shown?.clear()
      process.stdout.write(`${line}\n`)
    },
    progress(title) {
      shown?.stop()
      shown = progressBar(title, process.stderr)
      return shown
    },
  }
}

/** Runs one long part under a bar that is stopped however the part ends. */
export async function withProgress<R>(
  terminal: Terminal,
  title: string,
  part: (update: ProgressBar['update']) => R | Promise<R>,
): Promise<R> {
  const bar = terminal.progress(title)
  try {
    return await part((done, total, note) => bar.update(done, total, note))
  } finally {
    bar.stop()
  }
}

/** A terminal that shows nothing: that of a process whose like speaks for it. */
export function silentTerminal({ signal }: Terminal): Terminal {
  const nothing = () => undefined
  return { signal, log: nothing, progress: () => ({ update: nothing, clear: nothing, stop: nothing }) }
}
