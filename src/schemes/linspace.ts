/** `count` integers from `start` to `end`: evenly spaced numbers, both ends among them, cut to integers. */
export function linspace(start: number, end: number, count: number): number[] {
  const spacing = count > 1 ? (end - start) / (count - 1) : 0
  return Array.from({ length: count }, (_, i) =>
    // The last is set, not computed: rounding must not keep it from the end.
    Math.trunc(i > 0 && i === count - 1 ? end : i * spacing + start),
  )
}
