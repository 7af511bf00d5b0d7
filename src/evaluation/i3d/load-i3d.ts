import { createI3d, type I3d } from './create-i3d.js'
import { findI3dWeights } from './find-i3d-weights.js'
import { foldI3dWeights } from './fold-i3d-weights.js'

/**
 * Makes I3D, the network behind the Fréchet video distance, from its weights.
 * @param place a TF-Hub module's folder, a PyTorch state dict or a TorchScript file, or a folder with one
 * @throws UserError if they are not there or of another network.
 */
export function loadI3d(place: string): I3d {
  const source = findI3dWeights(place)
  return createI3d(foldI3dWeights(source), source.file)
}
