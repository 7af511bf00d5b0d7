import type { Drawing, Point, Shape } from './drawing.js'

/** Drawings below one another as one. */
export function stackDrawings(drawings: readonly Drawing[]): Drawing {
  let height = 0
  const shapes = drawings.flatMap((drawing) => {
    const top = height
    height += drawing.height
    return drawing.shapes.map((shape) => lowered(shape, top))
  })
  return { width: Math.max(0, ...drawings.map(({ width }) => width)), height, shapes }
}

function lowered(shape: Shape, by: number): Shape {
  const move = ([x, y]: Point): Point => [x, y + by]
  switch (shape.kind) {
    case 'line':
      return { ...shape, points: shape.points.map(move) }
    case 'rectangle':
      return { ...shape, corner: move(shape.corner) }
    case 'disc':
      return { ...shape, centre: move(shape.centre) }
    case 'text':
      return { ...shape, at: move(shape.at) }
  }
}
