/** A font of dots; the package has no types of its own. */
declare module 'oled-font-5x7' {
  const font: {
    readonly width: number
    readonly height: number
    /** Characters in the order of their glyphs. */
    readonly lookup: readonly string[]
    /** `width` columns a glyph, whose lowest bit is the uppermost dot. */
    readonly fontData: readonly number[]
  }
  export default font
}
