/** Numbers of one line of the log, by name. */
export type Metrics = Readonly<Record<string, number>>

/** A picture or a short video as the bytes of a file. */
export interface Media {
  readonly kind: 'gif' | 'png'
  readonly bytes: Uint8Array
}

/** Somewhere that numbers, pictures and videos of a run go. */
export interface Tracker {
  /** @param step updates done when the numbers were taken */
  log(step: number, metrics: Metrics): void
  /**
   * @param step updates done when it was made; never below that of a call before
   * @param name such as `video-0`
   */
  media?(step: number, name: string, media: Media): void
  /** Called once at the end, with how the run ended: one that was told to stop is finished too. */
  close?(outcome: 'finished' | 'failed'): void | Promise<void>
}
