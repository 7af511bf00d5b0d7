/** A video in the form that it was published in. */
export interface PublishedVideo {
  /** What a person knows it as: a file, an entry of an archive, a record. */
  readonly name: string
  /** Its frames, uint8 RGB, (T, size, size, 3) in all, in pieces. */
  frames(size: number, program: string, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** The videos of a data set in their published order, which numbers them. */
export interface PublishedVideos {
  readonly train: readonly PublishedVideo[]
  readonly test: readonly PublishedVideo[]
  /** The form, in words. */
  readonly form: string
}
