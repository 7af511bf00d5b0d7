import { elementCount } from '../../element-count.js'
import { DTYPES, isDType, type DType } from '../dtype.js'
import { contiguousStride } from '../layout.js'
import { UnreadableStorage } from '../storage.js'
import { TorchTensor } from '../tensor.js'
import { PickleError, PyDict, PyDType, PyGlobal, PyStorage } from './objects.js'

/** The functions by which PyTorch's pickles make tensors. */
export const TENSOR_GLOBALS: readonly PyGlobal[] = [
  new PyGlobal('torch._utils._rebuild_tensor', ([storage, offset, shape, stride]) =>
    rebuild(storage, offset, shape, stride, false),
  ),
  new PyGlobal('torch._utils._rebuild_tensor_v2', ([storage, offset, shape, stride, grad, , metadata]) => {
    refuseLazyBits(metadata)
    return rebuild(storage, offset, shape, stride, grad)
  }),
  new PyGlobal(
    'torch._utils._rebuild_tensor_v3',
    ([storage, offset, shape, stride, grad, , dtype, metadata]) => {
      refuseLazyBits(metadata)
      return rebuild(storage, offset, shape, stride, grad, dtype)
    },
  ),
  new PyGlobal('torch._utils._rebuild_parameter', ([data, grad]) => parameter(data, grad)),
  new PyGlobal('torch._utils._rebuild_parameter_with_state', ([data, grad]) => parameter(data, grad)),
  // A tensor with attributes of its own, which are left behind.
  new PyGlobal('torch._tensor._rebuild_from_type_v2', ([make, , args]) => {
    if (!(make instanceof PyGlobal && make.call && Array.isArray(args)))
      throw new PickleError('a tensor that nothing makes')
    const made = make.call(args)
    if (!(made instanceof TorchTensor)) throw new PickleError('a tensor that is none')
    return made
  }),
  new PyGlobal('torch._utils._rebuild_sparse_tensor', ([layout, parts]) => sparse(layout, parts)),
  new PyGlobal('torch.serialization._get_layout', ([name]) => name),
  new PyGlobal('torch._utils._rebuild_qtensor', ([storage, offset, shape, stride, , grad]) =>
    unreadable(rebuild(storage, offset, shape, stride, grad), 'quantised', 'save its dequantize()'),
  ),
  ...[
    'per_tensor_affine',
    'per_tensor_symmetric',
    'per_channel_affine',
    'per_channel_symmetric',
    'per_channel_affine_float_qparams',
  ].map(
    // prettier-ignore
    (name) => new PyGlobal(`torch.${name}`),
  ),
  new PyGlobal('torch.Size', ([sizes]) => sizes ?? []),
  new PyGlobal('torch.device', (parts) => parts.map(String).join(':')),
  ...['torch.Tensor', 'torch.nn.parameter.Parameter', 'torch.nn.parameter.Buffer'].map(
    (name) => new PyGlobal(name),
  ),
]

function rebuild(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  stride: unknown,
  grad: unknown,
  dtype?: unknown,
): TorchTensor {
  if (!(storage instanceof PyStorage)) throw new PickleError('a tensor without a storage')
  return new TorchTensor(
    storage.storage,
    elementType(storage, dtype),
    integers(shape),
    integers(stride),
    integers([offset])[0],
    grad === true,
  )
}

/**
 * A sparse tensor, of which nobody knows yet whether it is wanted: one that says so when it is asked for.
 * @param parts indices, values and the whole's shape in the layout `torch.sparse_coo`; in others two lists of indices
 */
function sparse(layout: unknown, parts: unknown): TorchTensor {
  const items: readonly unknown[] = Array.isArray(parts) ? (parts as unknown[]) : []
  const [values, shape] = layout === 'torch.sparse_coo' ? items.slice(1, 3) : items.slice(2, 4)
  if (!(values instanceof TorchTensor)) throw new PickleError('a sparse tensor without values')
  return unreadable(values, 'sparse', 'save its to_dense()', integers(shape))
}

function unreadable(
  { storage, dtype, elementBytes, requiresGrad, shape: ownShape }: TorchTensor,
  kind: string,
  advice: string,
  shape = ownShape,
): TorchTensor {
  const bytes = elementBytes * elementCount(shape)
  const stand = new UnreadableStorage(storage.where, bytes, kind, advice)
  return new TorchTensor(stand, dtype, shape, contiguousStride(shape), 0, requiresGrad)
}

function elementType(storage: PyStorage, given: unknown): DType {
  const name = given instanceof PyDType ? given.name : storage.dtype
  if (isDType(name)) return name
  throw new PickleError(
    name === 'untyped'
      ? 'a tensor of no type'
      : `a tensor of type ${name}; known are ${Object.keys(DTYPES).join(', ')}`,
  )
}

/** Their values are checked where the view is. */
function integers(values: unknown): number[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'number')) return values
  throw new PickleError('a tensor whose shape, stride or offset is not made of whole numbers below 2^53')
}

/** PyTorch may leave a negation or conjugation to be done on reading. */
function refuseLazyBits(metadata: unknown): void {
  if (metadata instanceof PyDict && [...metadata.entries.values()].includes(true))
    throw new PickleError('a tensor with a pending negation or conjugation; save its clone()')
}

function parameter(data: unknown, grad: unknown): TorchTensor {
  if (!(data instanceof TorchTensor)) throw new PickleError('a parameter without a tensor')
  return new TorchTensor(data.storage, data.dtype, data.shape, data.stride, data.offset, grad === true)
}
