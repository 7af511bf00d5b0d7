import path from 'node:path'
import { UserError } from '../errors.js'
import { readTorchFile, TorchTensor } from '../torch-file/index.js'
import { readNpyHeader, readNpyRows } from './npy.js'

/** A video in a file of raw frames. */
export interface VideoFile {
  readonly file: string
  /** How many frames. */
  readonly frames: number
  readonly height: number
  readonly width: number
  /** Reads only the frames asked for: (frames.length, H, W, 3), uint8. */
  read(frames: readonly number[]): Uint8Array
}

/**
 * Opens a .npy or .pt file that holds one uint8 array (T, H, W, 3); reads no frame yet.
 * @throws UserError naming the file if it cannot be read or holds something else.
 */
export function openVideoFile(file: string): VideoFile {
  const rows = path.extname(file).toLowerCase() === '.pt' ? openTorch(file) : openNpy(file)
  const { dtype, shape } = rows
  const [frames, height, width, channels] = shape
  if (dtype !== 'uint8' || shape.length !== 4 || !frames || !height || !width || channels !== 3)
    throw new UserError(
      `${file} is not a video: expected a uint8 array (T, H, W, 3), it is ${dtype} (${shape.join(', ')})`,
    )
  return { file, frames, height, width, read: (positions) => rows.read(positions) }
}

interface Rows {
  readonly dtype: string
  readonly shape: readonly number[]
  read(rows: readonly number[]): Uint8Array
}

function openNpy(file: string): Rows {
  const header = readNpyHeader(file)
  return { dtype: header.dtype, shape: header.shape, read: (rows) => readNpyRows(header, rows) }
}

function openTorch(file: string): Rows {
  const value = readTorchFile(file)
  if (!(value instanceof TorchTensor))
    throw new UserError(`${file} is not a video: it holds no single tensor`)
  const read = (rows: readonly number[]) => {
    const data = value.gatherRows(rows)
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
  return { dtype: value.dtype, shape: value.shape, read }
}
