import path from 'node:path'
import { CONVOLUTIONS } from '../../src/lpips/alexnet-layers.js'
import { orderedDict, tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { sizeOf, uniform, weight } from './golden.js'

/** AlexNet's weights by torchvision's names, made from their names. */
export function alexnetTensors(prefix: string) {
  return CONVOLUTIONS.flatMap(({ layer, shape }) => {
    const names = [
      [`features.${layer}.weight`, shape],
      [`features.${layer}.bias`, shape.slice(0, 1)],
    ] as const
    return names.map(
      ([name, shape]) => [name, tensor('float32', shape, weight(name, shape, `${prefix}alexnet:`))] as const,
    )
  })
}

/** The linear layers' weights by the lpips package's names, made from their names. */
export function linearTensors(prefix: string) {
  return CONVOLUTIONS.map(({ shape: [channels] }, i) => {
    const name = `lin${i}.model.1.weight`
    const shape = [1, channels, 1, 1]
    const values = Float32Array.from(uniform(prefix + name, sizeOf(shape)))
    return [name, tensor('float32', shape, values)] as const
  })
}

/** Writes both files as torchvision and the lpips package have them, under names that say nothing. */
export function writeLpipsWeights(folder: string, prefix: string): void {
  writeTorchFile(path.join(folder, 'a.pth'), orderedDict(alexnetTensors(prefix)))
  writeTorchFile(path.join(folder, 'b.pth'), orderedDict(linearTensors(prefix)))
}
