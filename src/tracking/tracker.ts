/** Numbers of one line of the log, by name. */
export type Metrics = Readonly<Record<string, number>>

/** A picture or a short video as the bytes of a file. */
export interface Media {
  readonly kind: 'gif' | 'png'
  readonly bytes: Uint8Array
}

/** Somewhere that numbers, pictures and videos of a run go. */
export interface Tracker {
  /**
   * @param step updates done when the numbers were taken
   * @param age milliseconds since then, where a disk did not take them at once
   * @throws UserError if they cannot be written; nothing of them is there then, and they may come again.
   */
  log(step: number, metrics: Metrics, age?: number): void
  /**
   * @param step updates done when it was made; never below that of a call before
   * @param name such as `video-0`
   * @param age as for `log`
   */
  media?(step: number, name: string, media: Media, age?: number): void
  /** Called once at the end, with how the run ended: one that was told to stop is finished too. */
  close?(outcome: 'finished' | 'failed'): void | Promise<void>
}
