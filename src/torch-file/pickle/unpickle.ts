import { UserError } from '../../errors.js'
import type { ByteReader } from '../byte-reader.js'
import { PickleMachine, type PersistentLoad } from './machine.js'
import { PickleError } from './objects.js'

/** A checkpoint's pickle has some hundred kilobytes; the limit keeps a hostile one from filling the memory. */
const PICKLE_LIMIT = 2 ** 26

/**
 * Interprets one pickle, from where the reader stands to the pickle's end.
 * @param load what a persistent id (PyTorch: a storage) stands for
 * @throws UserError naming the file and, if there is one, the class that is not on the list of known ones.
 */
export function unpickle(reader: ByteReader, load: PersistentLoad): unknown {
  const start = reader.position
  const machine = new PickleMachine(reader, load)
  try {
    while (machine.step())
      if (reader.position - start > PICKLE_LIMIT)
        throw new PickleError(`a pickle of more than ${PICKLE_LIMIT} bytes`)
    return machine.result()
  } catch (error) {
    const where = `${reader.where} at byte ${reader.position}`
    if (error instanceof PickleError)
      throw new UserError(`${where}: the pickle cannot be loaded: ${error.message}`, { cause: error })
    // What V8 throws when a collection cannot grow any further.
    if (error instanceof RangeError)
      throw new UserError(`${where}: the pickle holds more than fits in memory`, { cause: error })
    throw error
  }
}
