/** What tells whether a video is still the same. */
export interface VideoEntry {
  /** Of its file, without folders. */
  readonly name: string
  /** Size of its file; 0 for a folder of pictures. */
  readonly bytes: number
  /** Frames in the file. */
  readonly frames: number
}

/**
 * Videos to learn from or to complete. Pixels leave a data set as uint8; `pixels.ts` is the only place
 * that maps them to the network's scale.
 */
export interface VideoDataset {
  readonly name: string
  readonly split: 'train' | 'test'
  /** How many videos. */
  readonly length: number
  /** Frames a training window or a test video has. Every video is at least this long. */
  readonly T: number
  /** Height and width in pixels. */
  readonly imageSize: number
  /** What they are, in their order, where they are files. */
  readonly videos?: readonly VideoEntry[]
  /** Frames in video `index`, 0 <= index < length. */
  frameCount(index: number): number
  /** What a person knows a video by, such as its file's name. */
  nameOf?(index: number): string
  /**
   * Reads some frames of one video, and no others.
   * @param frames positions in the whole video, 0 <= frame < frameCount(index), any order
   * @returns (frames.length, H, W, 3), uint8
   * @throws UserError naming the file if it cannot be read; RangeError for a video or frame that does not exist.
   */
  readFrames(index: number, frames: readonly number[]): Promise<Uint8Array>
}
