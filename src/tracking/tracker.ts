/** Numbers of one line of the log, by name. */
export type Metrics = Readonly<Record<string, number>>

/** Somewhere that numbers and videos of a run go. */
export interface Tracker {
  /** @param step updates done when the numbers were taken */
  log(step: number, metrics: Metrics): void
  /** Called once at the end, also after a failure. */
  close?(): void
}
