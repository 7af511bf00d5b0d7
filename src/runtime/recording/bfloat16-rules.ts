/**
 * How an operation takes part in a graph that computes in bfloat16.
 * - `computes`: a convolution or matrix product, which is what bfloat16 is for. It adds up in float32.
 * - `follows`: in bfloat16 where its operands are.
 * - `bridges`: the same, but only where its result is wanted in bfloat16 as well, because it rounds.
 * - `moves`: changes no number, so that rounding before it and after it is the same.
 */
export type Role = 'computes' | 'follows' | 'bridges' | 'moves'

/** What there is to know of an operation whose element type is its attribute `T`. */
export interface Bfloat16Rule {
  readonly role: Role
  /** The inputs of that type whose type decides, of as many as there are. */
  readonly operands: (count: number) => readonly number[]
  /** Further inputs of that type: parameters, and gradients of results that are of that type. */
  readonly others?: readonly number[]
  /** How many first outputs are of that type; default 1, or all parts of a tensor that is split. */
  readonly outputs?: number
  /** Whether it multiplies matrices: small ones stay in float32. */
  readonly isProduct?: true
}

const at =
  (...indices: number[]) =>
  () =>
    indices
const all = (count: number) => Array.from({ length: count }, (_, i) => i)
const allButLast = (count: number) => all(count - 1)

/** The operations that may be in bfloat16, by TensorFlow's names; all others stay in float32. */
export const BFLOAT16_RULES: Readonly<Record<string, Bfloat16Rule>> = {
  Conv2D: { role: 'computes', operands: at(0, 1) },
  Conv2DBackpropInput: { role: 'computes', operands: at(1, 2) },
  Conv2DBackpropFilter: { role: 'computes', operands: at(0, 2) },
  // Kernels and biases are in float32, and so are their gradients.
  FdmBfloat16Convolution: { role: 'computes', operands: at(0) },
  FdmBfloat16ConvolutionInputGrad: { role: 'computes', operands: at(0) },
  FdmBfloat16ConvolutionFilterGrad: { role: 'computes', operands: at(0, 1), outputs: 0 },
  MatMul: { role: 'computes', isProduct: true, operands: at(0, 1) },
  BatchMatMulV2: { role: 'computes', isProduct: true, operands: at(0, 1) },

  BiasAdd: { role: 'follows', operands: at(0), others: [1] },
  // A sum in float32 of which only the result is rounded, as those of the filters' gradients are.
  BiasAddGrad: { role: 'follows', operands: at(0) },

  // Statistics, scale and shift are in float32 whatever the features are in.
  FdmGroupNorm: { role: 'bridges', operands: at(0) },
  FdmGroupNormGrad: { role: 'bridges', operands: at(1), others: [0] },
  // Attention's softmax and sums are in float32 inside of the operation.
  FdmAttention: { role: 'bridges', operands: at(0) },
  FdmAttentionGrad: { role: 'bridges', operands: at(1), others: [0] },
  FdmRelativeAttention: { role: 'bridges', operands: at(0), others: [1, 2, 3] },
  FdmRelativeAttentionGrad: { role: 'bridges', operands: at(1), others: [0, 2, 3, 4], outputs: 4 },
  // Adds up the four copies of each place.
  ResizeNearestNeighborGrad: { role: 'bridges', operands: at(0) },
  Add: { role: 'bridges', operands: all },
  AddV2: { role: 'bridges', operands: all },
  AddN: { role: 'bridges', operands: all },

  ConcatV2: { role: 'moves', operands: allButLast },
  FdmAfter: { role: 'moves', operands: at(0), others: [1] },
  FdmHold: { role: 'moves', operands: at(0) },
  ExpandDims: { role: 'moves', operands: at(0) },
  Identity: { role: 'moves', operands: at(0) },
  Pad: { role: 'moves', operands: at(0) },
  PadV2: { role: 'moves', operands: at(0), others: [2] },
  Reshape: { role: 'moves', operands: at(0) },
  ResizeNearestNeighbor: { role: 'moves', operands: at(0) },
  Slice: { role: 'moves', operands: at(0) },
  Split: { role: 'moves', operands: at(1) },
  SplitV: { role: 'moves', operands: at(0) },
  Squeeze: { role: 'moves', operands: at(0) },
  StridedSlice: { role: 'moves', operands: at(0) },
  Transpose: { role: 'moves', operands: at(0) },
}
