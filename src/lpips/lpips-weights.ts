import { UserError } from '../errors.js'
import { stateDictsIn, type WeightFile } from '../torch-file/state-dicts-in.js'
import { CONVOLUTIONS } from './alexnet-layers.js'

/** Weights under the names of torchvision (`features.0.weight`) and LPIPS (`lin0.model.1.weight`). */
export type LpipsWeights = ReadonlyMap<string, Float32Array>

/**
 * Finds the weights of LPIPS in a folder: torchvision's AlexNet, and the linear layers that the lpips
 * package comes with. A file that the package saved as a whole holds both.
 * @throws UserError if a tensor is missing or of another network, or a linear weight is negative.
 */
export function readLpipsWeights(place: string): LpipsWeights {
  const { found, refused } = stateDictsIn(place)
  const weights = new Map<string, Float32Array>()
  const problems: string[] = [...refused]
  for (const { name, shape, pattern } of TENSORS) {
    const candidates = found.flatMap((file) => candidatesIn(file, pattern))
    const fitting = candidates.find(({ tensor }) => tensor.shape.join() === shape.join())
    if (!fitting) {
      const others = candidates.map(
        ({ file, tensor }) => `${file} has one of shape [${tensor.shape.join(', ')}]`,
      )
      throw new UserError(
        `${place}: LPIPS needs torchvision's AlexNet and the linear layers of lpips (the README says where they come from): no ${name} of shape ` +
          `[${shape.join(', ')}] (${[...others, ...problems][0] ?? `${found.length} PyTorch files were looked at`})`,
      )
    }
    const values = fitting.tensor.toFloat32()
    if (name.startsWith('lin') && values.some((value) => !(value >= 0)))
      throw new UserError(`${fitting.file}: ${fitting.name} has a negative weight: no LPIPS distance`)
    weights.set(name, values)
  }
  return weights
}

/** The package numbers the layers as torchvision does, but spreads them over five `slice`s. */
const TENSORS = [
  ...CONVOLUTIONS.flatMap(({ layer, shape }) => [
    { name: `features.${layer}.weight`, shape, pattern: convolution(layer, 'weight') },
    { name: `features.${layer}.bias`, shape: shape.slice(0, 1), pattern: convolution(layer, 'bias') },
  ]),
  ...CONVOLUTIONS.map(({ shape: [channels] }, i) => ({
    name: `lin${i}.model.1.weight`,
    shape: [1, channels, 1, 1],
    // Without the dropout before it, the layer is number 0.
    pattern: new RegExp(`^(?:.*\\.)?lins?\\.?${i}\\.model\\.[01]\\.weight$`),
  })),
]

function convolution(layer: number, part: string): RegExp {
  return new RegExp(`^(?:.*\\.)?(?:features|slice[1-5])\\.${layer}\\.${part}$`)
}

function candidatesIn({ file, weights }: WeightFile, pattern: RegExp) {
  return Array.from(weights, ([name, tensor]) => ({ file, name, tensor })).filter(({ name }) =>
    pattern.test(name),
  )
}
