/** The part of gifenc that is used here; the package has no types of its own. */
declare module 'gifenc' {
  export type Palette = number[][]

  interface FrameOptions {
    readonly palette: Palette
    /** Milliseconds; stored in hundredths of a second. */
    readonly delay: number
  }
  interface Encoder {
    writeFrame(index: Uint8Array, width: number, height: number, options: FrameOptions): void
    finish(): void
    bytes(): Uint8Array<ArrayBuffer>
  }
  export interface Gifenc {
    GIFEncoder(): Encoder
    /** A palette for RGBA pixels. */
    quantize(rgba: Uint8Array, maxColors: number): Palette
    /** The palette's nearest colour of each pixel. */
    applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array
  }
}
