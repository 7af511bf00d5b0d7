import { banded, chequered, facade, plain, striped } from './facades.js'
import type { Plot } from './plots.js'
import { ball, box, cylinder, type Solid } from './shapes.js'

interface Landmark {
  /** The land it takes; no house is built there. */
  readonly plot: Plot
  readonly solids: readonly Solid[]
}

/**
 * What one knows the town by: something different at the end of each street that meets the ring, and in
 * each of the four blocks. All are higher than the houses around them.
 */
export function buildLandmarks(): readonly Landmark[] {
  return [townHall(), station(), cinema(), waterTower(), church(), park(), office(), lighthouse(), mill()]
}

/** North of the north junction: yellow, with a clock tower. */
function townHall(): Landmark {
  const plot = level(186, 243, 9, 5)
  const walls = facade({ wall: 0xf0c648, trim: 0xffffff, door: 0x6b2d1a, length: 18, height: 9, bay: 2.2 })
  const tower = facade({
    wall: 0xf6dc8a,
    trim: 0xffffff,
    window: 0x222222,
    length: 5,
    height: 16,
    bay: 3.5,
    storey: 5,
  })
  return {
    plot,
    solids: [
      box({ ...plot, top: 9, roof: 'gable', rise: 3, walls: same(walls), roofPaint: plain(0x8e3526) }),
      box({
        ...level(186, 240, 2.5, 2.5),
        top: 16,
        roof: 'pyramid',
        rise: 6,
        walls: same(tower),
        roofPaint: plain(0x2f7f66),
      }),
    ],
  }
}

/** South of the south junction: red brick with white bands. */
function station(): Landmark {
  const plot = level(200, 137.5, 11, 4.5)
  const walls = facade({
    wall: 0xa8412f,
    trim: 0xf3ead8,
    door: 0x24415c,
    length: 22,
    height: 6,
    bay: 2.8,
    storey: 3,
  })
  const wing = banded(0xa8412f, 0xf3ead8, 1)
  return {
    plot,
    solids: [
      box({ ...plot, top: 6, roof: 'gable', rise: 3, walls: same(walls), roofPaint: plain(0x49525c) }),
      box({
        ...level(192, 139.5, 2.6, 2.6),
        top: 12,
        roof: 'pyramid',
        rise: 3,
        walls: same(wing),
        roofPaint: plain(0x49525c),
      }),
    ],
  }
}

/** East of the east junction: violet, with a chequered screen. */
function cinema(): Landmark {
  const plot = level(253, 186, 5, 8)
  const screen = chequered(0xffffff, 0x1c1c1c, 1.5)
  return {
    plot,
    solids: [
      box({ ...plot, top: 8, walls: same(striped(0x7a3fa6, 0xa76ad0, 2)), roofPaint: plain(0x333333) }),
      box({
        ...level(249, 186, 0.8, 5),
        base: 5,
        top: 12.5,
        walls: same(screen),
        roofPaint: plain(0x333333),
      }),
    ],
  }
}

/** West of the west junction: a white tank on a red shaft. */
function waterTower(): Landmark {
  const at = { x: 137, y: 196 }
  return {
    plot: level(137, 196, 5, 5),
    solids: [
      cylinder({ ...at, radius: 1.6, top: 13, paint: banded(0xc8402f, 0xf4f4f4, 2.2) }),
      ball({ ...at, radius: 4.6, middle: 16, paint: banded(0xf1f4f6, 0x3c8ed0, 2.6) }),
    ],
  }
}

/** In the south-west block: white, with a high green steeple. */
function church(): Landmark {
  const plot = { ...level(177, 176, 8, 4), angle: 0.3 }
  const nave = facade({
    wall: 0xf2efe6,
    trim: 0xc9bda0,
    window: 0x5b3f86,
    length: 16,
    height: 6,
    bay: 2.6,
    storey: 4.5,
  })
  const tower = facade({
    wall: 0xf2efe6,
    trim: 0xc9bda0,
    window: 0x2b2b33,
    length: 5,
    height: 15,
    bay: 3.5,
    storey: 5,
  })
  return {
    plot,
    solids: [
      box({ ...plot, top: 6, roof: 'gable', rise: 5, walls: same(nave), roofPaint: plain(0x8a4b3a) }),
      box({
        ...plot,
        x: 186,
        y: 179,
        half: [2.5, 2.5],
        top: 15,
        roof: 'pyramid',
        rise: 13,
        walls: same(tower),
        roofPaint: plain(0x3f9b7f),
      }),
    ],
  }
}

/** The north-west block: open ground around the pond, with an obelisk. */
function park(): Landmark {
  const pillar = plain(0xcbb79a)
  return {
    plot: level(170, 212, 11, 9),
    solids: [
      box({
        ...level(179, 206, 0.9, 0.9),
        top: 9,
        roof: 'pyramid',
        rise: 2,
        walls: same(pillar),
        roofPaint: plain(0xe8c23a),
      }),
      cylinder({
        x: 162,
        y: 206,
        radius: 2.2,
        top: 2.6,
        cone: 2.4,
        paint: striped(0xffffff, 0xe0559a, 0.9),
        conePaint: plain(0xe0559a),
      }),
    ],
  }
}

/** In the south-east block: a glass tower, before it the paved square. */
function office(): Landmark {
  const glass = facade({
    wall: 0x2c5f8a,
    trim: 0xbfe0f2,
    window: 0x73b7de,
    length: 11,
    height: 27,
    bay: 1.8,
    storey: 3,
  })
  return {
    plot: level(216, 169, 12, 10),
    solids: [box({ ...level(212, 173, 5.5, 4.5), top: 27, walls: same(glass), roofPaint: plain(0x334455) })],
  }
}

/** Outside the wide curve in the north-east: a round tower in red and white. */
function lighthouse(): Landmark {
  const at = { x: 243, y: 233 }
  return {
    plot: level(243, 233, 4, 4),
    solids: [
      cylinder({ ...at, radius: 2.6, top: 18, paint: banded(0xd43a2f, 0xffffff, 3) }),
      cylinder({
        ...at,
        radius: 1.8,
        base: 18,
        top: 20.5,
        cone: 2.5,
        paint: plain(0xf7e27a),
        conePaint: plain(0xb02f28),
      }),
    ],
  }
}

/** Outside the corner in the south-west: a dark round mill with a blue cap. */
function mill(): Landmark {
  return {
    plot: level(148, 147, 5, 5),
    solids: [
      cylinder({
        x: 148,
        y: 147,
        radius: 4,
        top: 10,
        cone: 5,
        paint: banded(0x5a4636, 0x6f5a47, 1.2),
        conePaint: plain(0x2d5fa8),
      }),
    ],
  }
}

const level = (x: number, y: number, halfU: number, halfV: number): Plot => ({
  x,
  y,
  angle: 0,
  half: [halfU, halfV],
})

const same = <T>(wall: T): [T, T, T, T] => [wall, wall, wall, wall]
