/** Red, green and blue, 0..255. */
export type Colour = readonly [number, number, number]
export type Point = readonly [x: number, y: number]

/** Something in a picture. Places and sizes are in pixels, from the upper left corner. */
export type Shape =
  | {
      readonly kind: 'line'
      readonly points: readonly Point[]
      readonly colour: Colour
      readonly width: number
    }
  | {
      readonly kind: 'rectangle'
      readonly corner: Point
      readonly size: Point
      readonly colour: Colour
    }
  | { readonly kind: 'disc'; readonly centre: Point; readonly radius: number; readonly colour: Colour }
  | {
      readonly kind: 'text'
      readonly at: Point
      readonly text: string
      readonly anchor: 'start' | 'middle' | 'end'
    }

/** A picture before it is SVG or PNG: shapes on white, later ones on top. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly shapes: readonly Shape[]
}
