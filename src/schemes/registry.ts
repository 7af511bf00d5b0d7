import { UserError } from '../errors.js'
import { adaptiveAutoreg } from './adaptive-autoreg.js'
import { adaptiveHierarchy } from './adaptive-hierarchy.js'
import { autoreg } from './autoreg.js'
import { hierarchy } from './hierarchy.js'
import { infill } from './infill.js'
import { likeVdm } from './like-vdm.js'
import { longRange } from './long-range.js'
import type { SamplingScheme } from './types.js'

const schemes: readonly SamplingScheme[] = [
  autoreg,
  longRange,
  ...[2, 3, 4, 5].map(hierarchy),
  adaptiveAutoreg,
  ...[2, 3].map(adaptiveHierarchy),
  likeVdm,
  infill,
]

/** Every scheme, by the name it has on the command line and in the names of result folders. */
export const samplingSchemes: Readonly<Record<string, SamplingScheme>> = Object.fromEntries(
  schemes.map((scheme) => [scheme.name, scheme]),
)

/**
 * @throws UserError, with the names there are, if there is no such scheme.
 */
export function findScheme(name: string): SamplingScheme {
  const scheme = Object.hasOwn(samplingSchemes, name) ? samplingSchemes[name] : undefined
  if (!scheme)
    throw new UserError(
      `there is no sampling scheme "${name}"; there are ${Object.keys(samplingSchemes).join(', ')}`,
    )
  return scheme
}
