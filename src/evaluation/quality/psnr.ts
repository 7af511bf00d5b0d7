/**
 * Peak signal-to-noise ratio of two pictures in dB. Equal pictures count as if a single value were one level
 * off, so that a mean over frames stays finite.
 * @param a pixels 0..255, of any shape
 * @param b as many
 */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length || a.length === 0)
    throw new RangeError(`pictures of ${a.length} and ${b.length} values cannot be compared`)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
  return 10 * Math.log10((255 ** 2 * a.length) / Math.max(1, sum))
}
