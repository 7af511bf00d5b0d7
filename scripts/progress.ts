import cliProgress from 'cli-progress'
import type { WriteStream } from 'node:tty'

export interface ProgressBar {
  /** Says how far a part is. `note` stands behind the bar: a loss, a file name. */
  update(done: number, total: number, note?: string): void
  /** Removes the bar from the current line, so that something else can be written there. */
  clear(): void
  /** Ends the bar; it stays visible as it is. */
  stop(): void
}

/** Seconds between lines where there is no terminal to draw in, as in the log of a build machine. */
const LINE_INTERVAL = 15

/** A bar that is drawn in place on a terminal, and becomes an occasional line anywhere else. */
export function progressBar(
  title: string,
  stream: NodeJS.WriteStream,
  clock: () => number = () => performance.now(),
): ProgressBar {
  // Node leaves `isTTY` out of what is not a terminal, whatever its type says.
  return (stream as Partial<WriteStream>).isTTY ? drawnBar(title, stream) : lineBar(title, stream, clock)
}

function drawnBar(title: string, stream: NodeJS.WriteStream): ProgressBar {
  const bar = new cliProgress.SingleBar({
    format: `${title} {bar} {value}/{total}  {eta_formatted} left  {note}`,
    stream,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    etaBuffer: 20,
    gracefulExit: false,
  })
  let lastNote = ''
  let running = false
  return {
    update(done, total, note = lastNote) {
      lastNote = note
      if (!running) bar.start(total, done, { note })
      running = true
      bar.setTotal(total)
      bar.update(done, { note })
    },
    clear() {
      if (running) stream.write('\r\x1b[K')
    },
    stop() {
      if (running) bar.stop()
      running = false
    },
  }
}

function lineBar(title: string, stream: NodeJS.WriteStream, clock: () => number): ProgressBar {
  let last: string | undefined
  let printed: string | undefined
  let printedAt = -Infinity
  const print = () => {
    if (last !== undefined && last !== printed) stream.write(`${last}\n`)
    printed = last
    printedAt = clock()
  }
  return {
    update(done, total, note = '') {
      last = `${title} ${done}/${total} ${note}`.trimEnd()
      if (clock() - printedAt >= LINE_INTERVAL * 1000) print()
    },
    clear: () => undefined,
    stop: print,
  }
}
