import { UserError } from '../errors.js'
import { expectText } from '../expect.js'
import { FileSource } from './file-source.js'
import { readLegacyFormat } from './read-legacy-format.js'
import { readZipFormat } from './read-zip-format.js'
import type { TorchValue } from './values.js'

/**
 * Reads a file written by `torch.save`, of any version of PyTorch since 0.4, or a TorchScript module, as a
 * record of its attributes. Tensors are read when their elements are asked for, so opening costs the same
 * for a gigabyte as for a kilobyte. In files of PyTorch 1.6 and later, what is read as a whole is compared
 * with its checksum; rows or views that are part of a larger storage are not, as that would mean to read
 * all of it.
 *
 * Nothing in the file is executed: pickles are interpreted, and only a fixed list of harmless classes is
 * known (tensors, dicts, lists, sets, NumPy numbers, NumPy arrays as tensors, `argparse.Namespace` as a record,
 * paths as text; the classes that a TorchScript file brings along, as records).
 * @param atOnce whether to read a file of up to 16 MiB whole now: of one that others replace at any time, what is read
 *   is then the one before or the one after. Of a file that is read later, a change is an error.
 * @throws UserError, one line, if the file is missing, damaged, or holds an unknown class.
 */
export function readTorchFile(
  path: string,
  { atOnce = false }: { readonly atOnce?: boolean } = {},
): TorchValue {
  expectText('readTorchFile takes the path of a file', path)
  const source = new FileSource(path, { atOnce })
  const start = source.bytes(0, Math.min(source.size, 4))
  if (start.toString('latin1') === 'PK\x03\x04') return readZipFormat(source)
  if (start[0] === PICKLE_START) return readLegacyFormat(source)
  throw new UserError(
    source.size === 0
      ? `${path}: a PyTorch file was expected, this file is empty`
      : `${path}: a PyTorch file was expected, this file begins with ${start.toString('hex')}, neither a zip file nor a pickle`,
  )
}

/** A pickle of protocol 2 or later begins with the operation that says so. */
const PICKLE_START = 0x80
