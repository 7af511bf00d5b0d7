/**
 * How the error that an optimised schedule minimises is measured: at diffusion times that are evenly spread or
 * drawn at random, and whether the nearest done frames are always among those conditioned on.
 */
export const optimalities = [
  'linspace-t',
  'random-t',
  'linspace-t-force-nearby',
  'random-t-force-nearby',
] as const

export type Optimality = (typeof optimalities)[number]

/** Whether the nearest done frame on each side of what is sampled is taken before any is chosen. */
export const forcesNearby = (optimality: Optimality) => optimality.endsWith('-force-nearby')

/** Whether diffusion times are evenly spread. */
export const spreadsTimes = (optimality: Optimality) => optimality.startsWith('linspace-t')
