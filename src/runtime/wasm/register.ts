import { createRequire } from 'node:module'
import path from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { convolutionFilterGradient, convolutionInputGradient } from './convolution-gradients.js'
import { convolution3d } from './convolution-3d.js'
import { registerKernel } from './kernel.js'
import { matrixProduct } from './matrix-product.js'
import { segmentSum } from './segment-sum.js'
import { tile } from './tile.js'

/**
 * Readies the WebAssembly backend: tells it where its binaries are (beside its own code, wherever that is
 * installed) and adds the kernels that training needs and it lacks, or has slow ones of.
 */
export function registerWasm(): void {
  if (registered) return
  const code = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(path.dirname(code) + path.sep)
  registerKernel('Conv2DBackpropFilter', convolutionFilterGradient)
  registerKernel('Conv2DBackpropInput', convolutionInputGradient)
  registerKernel('Conv3D', convolution3d)
  registerKernel('UnsortedSegmentSum', segmentSum)
  registerKernel('BatchMatMul', matrixProduct)
  registerKernel('Tile', tile)
  registered = true
}

let registered = false
