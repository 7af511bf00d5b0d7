import { Message } from '../../protobuf/message.js'
import { WireError } from '../../protobuf/wire.js'

/** Numbers of the fields in TensorFlow's `example.proto` and `feature.proto`. */
const EXAMPLE_FEATURES = 1
const FEATURES_MAP = 1
const [ENTRY_KEY, ENTRY_VALUE] = [1, 2]
const BYTES_LIST = 1
const LIST_VALUES = 1

/**
 * The values of a feature of bytes in a `tf.train.Example`.
 * @param record the encoded Example
 * @returns undefined if it has no feature of that name
 * @throws WireError if the bytes are no Example, or the feature is not of bytes.
 */
export function bytesFeature(record: Uint8Array, name: string): readonly Uint8Array[] | undefined {
  const entry = entries(record).find((one) => one.text(ENTRY_KEY) === name)
  if (!entry) return undefined
  const value = entry.message(ENTRY_VALUE)
  if (!value.has(BYTES_LIST)) throw new WireError(`the feature ${name} is not of bytes`)
  return value.message(BYTES_LIST).all(LIST_VALUES)
}

/** The names of all features, for messages. */
export function featureNames(record: Uint8Array): string[] {
  return entries(record).map((entry) => entry.text(ENTRY_KEY))
}

function entries(record: Uint8Array): readonly Message[] {
  return new Message(record).messages(EXAMPLE_FEATURES).flatMap((features) => features.messages(FEATURES_MAP))
}
