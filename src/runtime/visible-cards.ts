/** What CUDA knows a card by: its number among all of the machine, and a UUID such as `GPU-8932f937-…`. */
export interface CardName {
  readonly index: number
  readonly uuid: string
}

/**
 * The entries of a list such as CUDA_VISIBLE_DEVICES holds, as far as CUDA reads it: to the first that can be no
 * card, such as -1.
 */
export function visibleEntries(list: string): string[] {
  const entries = list.split(',').map((entry) => entry.trim())
  const end = entries.findIndex((entry) => !/^(\+?\d|GPU-|MIG-)/.test(entry))
  return end === -1 ? entries : entries.slice(0, end)
}

/**
 * The cards that CUDA lets a process see, in its order: those that the list names by their number or by the beginning
 * of their UUID, to the first that is unknown or could be several. None where one is named twice. Parts of cards
 * (MIG) are in no table of cards: `part` stands for what they are called.
 * @param list of CUDA_VISIBLE_DEVICES; undefined where it is not set, so that all are seen
 */
export function visibleCards<T extends CardName>(
  cards: readonly T[],
  list: string | undefined,
  part: (uuid: string) => T,
): readonly T[] {
  if (list === undefined) return cards
  const seen: T[] = []
  for (const entry of visibleEntries(list)) {
    const named = cards.filter((card) =>
      entry.startsWith('GPU-') ? card.uuid.startsWith(entry) : card.index === parseInt(entry),
    )
    const [card] = entry.startsWith('MIG-') ? [part(entry)] : named.length === 1 ? named : []
    if (!card) break
    if (seen.some(({ uuid }) => uuid === card.uuid)) return []
    seen.push(card)
  }
  return seen
}
