import { autoreg } from './autoreg.js'
import type { SamplingScheme } from './types.js'

/** Every scheme, by the name it has on the command line and in the names of result folders. */
export const samplingSchemes: Readonly<Record<string, SamplingScheme>> = Object.fromEntries(
  [autoreg].map((scheme) => [scheme.name, scheme]),
)
