/** As TensorFlow Datasets reads where nothing else is asked for: `ReadConfig`. */
const [CYCLE_LENGTH, BLOCK_LENGTH] = [16, 16]

/**
 * The order in which TensorFlow Datasets reads several files without shuffling: of 16 files at once, 16 records
 * of each in turn; a file that has ended makes room for the next when its turn comes again
 * (`tf.data.Dataset.interleave`).
 */
export function interleave<T>(
  files: readonly (readonly T[])[],
  cycleLength = CYCLE_LENGTH,
  blockLength = BLOCK_LENGTH,
): T[] {
  const ordered: T[] = []
  const slots: (Iterator<T> | undefined)[] = new Array<Iterator<T> | undefined>(cycleLength).fill(undefined)
  let next = 0
  let open = 0
  for (let slot = 0; open > 0 || next < files.length;) {
    const current = slots[slot]
    if (!current) {
      const file = files[next]
      if (file) {
        next++
        open++
        slots[slot] = file[Symbol.iterator]()
        continue
      }
    } else
      for (let i = 0; i < blockLength; i++) {
        const { done, value } = current.next() as IteratorResult<T, undefined>
        if (done === true) {
          slots[slot] = undefined
          open--
          break
        }
        ordered.push(value)
      }
    slot = (slot + 1) % cycleLength
  }
  return ordered
}
