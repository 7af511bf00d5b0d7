/** What shells report for a process ended by SIGINT and SIGTERM. */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const
