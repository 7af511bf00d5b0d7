import { Wire, WireError } from '../../tensorflow-checkpoint/wire.js'

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
  for (const features of messages(record, EXAMPLE_FEATURES))
    for (const entry of messages(features, FEATURES_MAP)) {
      const [key] = messages(entry, ENTRY_KEY)
      if (key === undefined || Buffer.from(key).toString() !== name) continue
      const [value = new Uint8Array()] = messages(entry, ENTRY_VALUE)
      const lists = messages(value, BYTES_LIST)
      if (lists.length === 0) throw new WireError(`the feature ${name} is not of bytes`)
      return lists.flatMap((list) => messages(list, LIST_VALUES))
    }
  return undefined
}

/** The names of all features, for messages. */
export function featureNames(record: Uint8Array): string[] {
  return messages(record, EXAMPLE_FEATURES)
    .flatMap((features) => messages(features, FEATURES_MAP))
    .flatMap((entry) => messages(entry, ENTRY_KEY).map((key) => Buffer.from(key).toString()))
}

function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  const values = new Wire(bytes).fields().get(field) ?? []
  return values.map((value) => {
    if (typeof value === 'number') throw new WireError(`field ${field} is a number`)
    return value
  })
}
