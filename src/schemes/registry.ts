import { UserError } from '../errors.js'
import { autoreg } from './autoreg.js'
import type { SamplingScheme } from './types.js'

/** Every scheme, by the name it has on the command line and in the names of result folders. */
export const samplingSchemes: Readonly<Record<string, SamplingScheme>> = Object.fromEntries(
  [autoreg].map((scheme) => [scheme.name, scheme]),
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
