/**
 * Asks for what later steps need while earlier ones are computed.
 * @param read what a step needs
 * @param ahead how many steps; 0: each is read when it is asked for
 * @param end the first step that will never be asked for
 * @returns a function to be called with each step once, in their order
 */
export function readAhead<T>(
  read: (step: number) => Promise<T>,
  ahead: number,
  end: number,
): (step: number) => Promise<T> {
  const underWay = new Map<number, Promise<T>>()
  const begin = (step: number): Promise<T> => {
    const begun = underWay.get(step) ?? read(step)
    // Awaited when its step comes, if it does: until then a failure must not end the process.
    begun.catch(() => undefined)
    underWay.set(step, begun)
    return begun
  }
  return (step) => {
    const wanted = begin(step)
    underWay.delete(step)
    for (let later = step + 1; later <= step + ahead && later < end; later++) void begin(later)
    return wanted
  }
}
