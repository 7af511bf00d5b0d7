/**
 * The one place the tensor library is imported from. `@tensorflow/tfjs` rather than its core package,
 * because only the former registers gradients.
 */
export * as tf from '@tensorflow/tfjs'
export type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Tensor5D } from '@tensorflow/tfjs'
