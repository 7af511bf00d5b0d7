import { UserError } from '../../errors.js'
import { readTensorflowCheckpoint } from '../../tensorflow-checkpoint/read-tensorflow-checkpoint.js'
import { TABLE_MAGIC } from '../../tensorflow-checkpoint/read-table.js'
import { FileSource } from '../../torch-file/file-source.js'
import { readTorchFile } from '../../torch-file/index.js'
import { tensorsByName } from '../../torch-file/tensors-by-name.js'
import { weightFilesAt } from '../../torch-file/weight-files-at.js'
import { FIRST_LAYER, tensorflowSource, torchSource, type WeightSource } from './weight-source.js'

/** A TF-Hub module has its variables one folder down; what lies deeper is not looked at. */
const DEPTH = 2

/**
 * Finds the weights of I3D: a TF-Hub module's folder, or a PyTorch state dict or TorchScript file, alone or
 * in a folder. What a file is is seen from what it holds, not from its name.
 * @throws UserError if there are none; what was found instead is named.
 */
export function findI3dWeights(place: string): WeightSource {
  const looked: string[] = []
  for (const file of weightFilesAt(place, DEPTH)) {
    try {
      const source = readSource(file)
      if (source) return source
      looked.push(`${file} holds none`)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      looked.push(error.message)
    }
  }
  throw new UserError(
    `${place}: the weights of I3D were expected, as a TF-Hub module's folder or a PyTorch file with ` +
      `${FIRST_LAYER}.bn.bias and so on (the README says where they come from); ${looked[0] ?? 'the folder is empty'}`,
  )
}

function readSource(file: string): WeightSource | undefined {
  const source = new FileSource(file)
  if (source.size < 8) return undefined
  if (source.bytes(source.size - 8, 8).equals(TABLE_MAGIC))
    return tensorflowSource(file, readTensorflowCheckpoint(file))
  const start = source.bytes(0, 4)
  const isTorchFile = start.toString('latin1') === 'PK\x03\x04' || start[0] === 0x80
  return isTorchFile ? torchSource(file, tensorsByName(readTorchFile(file))) : undefined
}
