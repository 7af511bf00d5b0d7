import { elementCount } from '../../element-count.js'
import { UserError } from '../../errors.js'
import { hostRandom, type HostRandom } from '../../random.js'
import { readTorchFile } from '../../torch-file/index.js'
import { tensorsByName, type WeightArray } from '../../torch-file/tensors-by-name.js'
import type { Backbone } from '../network/backbone.js'
import { headsOf, type LocatorKind } from '../network/heads.js'
import { cellCentre } from '../town-cells.js'
import type { LocatorNetwork } from './locator-network.js'
import { backbonePrefix, vectorNames } from './locator-weights.js'

type Weights = Map<string, WeightArray>

/**
 * The state dict of a network that nothing has trained yet: kernels as He et al. (2015) draw them, with the
 * variance 2 / (outputs of a kernel), and a last layer as PyTorch draws linear layers. A regressor's layer for a
 * cell begins by answering with the middle of that cell, so that nothing has to learn where the town lies.
 * @param backbone weights to begin with instead, all but the last layer: a file with torchvision's names
 * @throws UserError if that file is of another network.
 */
export function initialLocator(
  network: LocatorNetwork,
  seed: number,
  backboneFile?: string,
): { readonly file: string; readonly tensors: Weights } {
  const { kind, backbone } = network
  const start =
    backboneFile === undefined
      ? freshBackbone(backbone, hostRandom(seed, 'kernels'))
      : backboneOf(backboneFile, backbone)
  const prefix = backbonePrefix(network)
  return {
    file: backboneFile ?? 'fresh weights',
    tensors: new Map([
      ...[...start].map(([name, values]) => [prefix + name, values] as const),
      ...freshHeads(kind, backbone, hostRandom(seed, 'last layer')),
    ]),
  }
}

function freshBackbone({ layers }: Backbone, random: HostRandom): Weights {
  return new Map(
    layers.flatMap(({ convolution, norm, shape }) => {
      const [channels, , height, width] = shape
      const spread = Math.sqrt(2 / (channels * height * width))
      const { trained, running } = vectorNames(convolution, norm)
      const vector = (name: string): [string, WeightArray] => {
        const value = norm !== undefined && /(weight|var)$/.test(name) ? 1 : 0
        return [name, array([channels], new Float32Array(channels).fill(value))]
      }
      const kernel = array(shape, normals(shape, spread, random))
      return [[`${convolution}.weight`, kernel] as const, ...[...trained, ...running].map(vector)]
    }),
  )
}

/** The file may be torchvision's, or a checkpoint of another classifier or regressor. */
function backboneOf(file: string, { layers }: Backbone): Weights {
  const tensors = tensorsByName(readTorchFile(file))
  const first = `${layers[0]?.convolution}.weight`
  const found = [...tensors.keys()].find((name) => name === first || name.endsWith(`.${first}`))
  const prefix = found?.slice(0, found.length - first.length)
  if (prefix === undefined)
    throw new UserError(
      `${file}: the tensor ${first} is missing; these are not the weights of such a network`,
    )
  return new Map(
    [...tensors]
      .filter(
        ([name]) =>
          name.startsWith(prefix) && !/^(fc|classifier|regressors)\./.test(name.slice(prefix.length)),
      )
      .map(([name, values]) => [name.slice(prefix.length), values]),
  )
}

function freshHeads(
  kind: LocatorKind,
  { features, heads }: Backbone,
  random: HostRandom,
): [string, WeightArray][] {
  const { names, rows } = headsOf(kind, heads)
  const bound = 1 / Math.sqrt(features)
  const uniform = (count: number) =>
    Float32Array.from({ length: count }, () => bound * (2 * random.uniform() - 1))
  return names.flatMap((name, cell): [string, WeightArray][] => [
    [`${name}.weight`, array([rows, features], uniform(rows * features))],
    [
      `${name}.bias`,
      array([rows], kind === 'classifier' ? uniform(rows) : Float32Array.from(cellCentre(cell))),
    ],
  ])
}

/** Box and Muller. */
function normals(shape: readonly number[], spread: number, random: HostRandom): Float32Array {
  const values = new Float32Array(elementCount(shape))
  for (let i = 0; i < values.length; i += 2) {
    const radius = spread * Math.sqrt(-2 * Math.log(1 - random.uniform()))
    const angle = 2 * Math.PI * random.uniform()
    values[i] = radius * Math.cos(angle)
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle)
  }
  return values
}

const array = (shape: readonly number[], values: Float32Array): WeightArray => ({
  shape,
  toFloat32: () => values,
})
