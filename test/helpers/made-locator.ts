import type { WeightArray } from '../../src/torch-file/tensors-by-name.js'
import { convolutionsOf, featureCount, type ResidualPlan } from '../../src/carla/network/residual-plan.js'
import { weight } from './golden.js'

type Weights = Map<string, WeightArray>
/** What golden weights are made with, or something quicker. */
type Make = typeof weight

/** Weights of a classifier by torchvision's names, made from their names. */
export function classifierWeights(plan: ResidualPlan, prefix: string, make: Make = weight): Weights {
  const shapes: Shapes = [['fc.weight', [100, featureCount(plan)]], ['fc.bias', [100]], ...backbone(plan, '')]
  return made(shapes, `${prefix}classifier:`, make)
}

/** Weights of a regressor, as the original program names them. */
export function regressorWeights(plan: ResidualPlan, prefix: string, make: Make = weight): Weights {
  const heads = Array.from({ length: 100 }, (_, cell): [string, number[]][] => [
    [`regressors.${cell}.weight`, [2, featureCount(plan)]],
    [`regressors.${cell}.bias`, [2]],
  ])
  return made([...heads.flat(), ...backbone(plan, 'resnet.')], `${prefix}regressor:`, make)
}

/** A few thousand numbers over and over, for networks that must only run. */
export function quickWeight(name: string, shape: readonly number[], prefix: string): Float32Array {
  const size = shape.reduce((product, part) => product * part, 1)
  const tile = weight(name, [Math.min(4093, size), ...shape.slice(1).map(() => 1)], prefix)
  const scale = shape.length > 1 ? Math.sqrt((shape[0] ?? NaN) / size) : 1
  const values = new Float32Array(size)
  for (let start = 0; start < size; start += tile.length)
    values.set(tile.subarray(0, Math.min(tile.length, size - start)), start)
  return values.map((value) => value * scale)
}

type Shapes = [name: string, shape: readonly number[]][]

function backbone(plan: ResidualPlan, before: string): Shapes {
  return convolutionsOf(plan).flatMap(({ convolution, norm, shape }) => [
    [`${before}${convolution}.weight`, shape],
    ...['weight', 'bias', 'running_mean', 'running_var'].map((part): [string, readonly number[]] => [
      `${before}${norm}.${part}`,
      shape.slice(0, 1),
    ]),
  ])
}

function made(shapes: Shapes, prefix: string, make: Make): Weights {
  return new Map(
    shapes.map(([name, shape]) => [name, { shape, toFloat32: () => make(name, shape, prefix) }] as const),
  )
}
