/** PyTorch files in and out. */
export { readTorchFile } from './read-torch-file.js'
export { writeTorchFile } from './write-torch-file.js'
export { readCheckpointFile, readStateDict, type CheckpointFile, type StateDict } from './state-dict.js'
export { tensor, TorchTensor } from './tensor.js'
export type { DType, ReadableDType, TensorData } from './dtype.js'
export {
  isOrderedDict,
  isTuple,
  orderedDict,
  PyFloat,
  tuple,
  type TorchInput,
  type TorchRecord,
  type TorchValue,
} from './values.js'
export type { TorchStorage } from './storage.js'
