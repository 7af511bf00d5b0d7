/**
 * The nearest done frame before what is sampled, and the nearest after it, as far as there are any.
 * @param done ascending
 * @param places most frames; the one before goes first
 */
export function nearbyFrames(
  done: readonly number[],
  latent: readonly number[],
  places: number,
): readonly number[] {
  const [first, last] = [Math.min(...latent), Math.max(...latent)]
  const before = done.findLast((frame) => frame < first)
  const after = done.find((frame) => frame > last)
  return [before, after].filter((frame) => frame !== undefined).slice(0, places)
}
