import { fromTorchLayout } from '../../model/torch-layout.js'
import { tf, type Tensor } from '../../runtime/tf.js'
import { CELLS } from '../town-cells.js'
import { readWeight, type NamedWeights } from './folded-layers.js'

/** Tells cells of the town from each other, or places within them. */
export type LocatorKind = 'classifier' | 'regressor'

/** Linear layers at the end of a network, by name, which are held as one: their rows follow one another. */
export interface Heads {
  readonly names: readonly string[]
  /** Outputs of each. */
  readonly rows: number
}

/** What a network and its last layers are called in the original program's checkpoints. */
export interface HeadNames {
  /** What all other names of a regressor begin with. */
  readonly module: string
  readonly classifier: string
  readonly regressor: (cell: number) => string
}

export const RESNET_HEADS: HeadNames = {
  module: 'resnet.',
  classifier: 'fc',
  regressor: (cell) => `regressors.${cell}`,
}

/** The classifier has one layer with an output per cell, the regressor one layer per cell that gives x and y. */
export function headsOf(kind: LocatorKind, { classifier, regressor }: HeadNames): Heads {
  return kind === 'classifier'
    ? { names: [classifier], rows: CELLS }
    : { names: Array.from({ length: CELLS }, (_, cell) => regressor(cell)), rows: 2 }
}

/**
 * Reads the last layers.
 * @returns weight (features, outputs of all) and bias (outputs of all)
 * @throws UserError naming file and tensor if one is missing or has another shape.
 */
export function readHeads(
  weights: NamedWeights,
  kind: LocatorKind,
  features: number,
  headNames: HeadNames = RESNET_HEADS,
): { readonly weight: Tensor; readonly bias: Tensor } {
  const { names, rows } = headsOf(kind, headNames)
  const count = names.length * rows
  const matrix = new Float32Array(count * features)
  const bias = new Float32Array(count)
  names.forEach((name, i) => {
    matrix.set(readWeight(weights, `${name}.weight`, [rows, features]), i * rows * features)
    bias.set(readWeight(weights, `${name}.bias`, [rows]), i * rows)
  })
  return { weight: fromTorchLayout(matrix, [count, features]), bias: tf.tensor1d(bias) }
}
