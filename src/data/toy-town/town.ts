import { plantTown } from './greenery.js'
import { paintGround, type Ground } from './ground.js'
import { buildHouses } from './houses.js'
import { buildLandmarks } from './landmarks.js'
import type { Solid } from './shapes.js'
import { paintSky, type Sky } from './sky.js'
import { furnishStreets } from './street-furniture.js'

/** All there is to see, the same in every picture. */
export interface Town {
  readonly solids: readonly Solid[]
  readonly ground: Ground
  readonly sky: Sky
}

let built: Town | undefined

/** The one town, built on first use. */
export function theTown(): Town {
  return (built ??= buildTown())
}

/** Builds the town from nothing, which takes about a second. Always the same. */
export function buildTown(): Town {
  const landmarks = buildLandmarks()
  const taken = landmarks.map(({ plot }) => plot)
  const houses = buildHouses(taken)
  const landmarkSolids = landmarks.flatMap(({ solids }) => solids)
  const solids = [...landmarkSolids, ...houses, ...furnishStreets(), ...plantTown(taken)]
  return { solids, ground: paintGround(), sky: paintSky() }
}
