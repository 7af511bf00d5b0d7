export const GROUPS = 32
export const EPSILON = 1e-5

/** What is applied to the normalised features, after their affine map. */
export type Activation = 'silu' | 'none'
