/**
 * What shells report for a process ended by each of these: the person or a scheduler who stops it, the terminal
 * that closes, the reader of its output that goes away.
 */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: 141 } as const

/** Ends a program as that signal would have: thrown where others got it. */
export class Interruption extends Error {
  constructor(readonly signal: keyof typeof INTERRUPTED) {
    super(`stopped by ${signal}`)
  }
}
