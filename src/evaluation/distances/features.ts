/** Feature vectors, one per row: (count, dimensions), C order, float64. */
export interface Features {
  readonly count: number
  readonly dimensions: number
  readonly values: Float64Array
}

/** Vectors of the same length as one matrix. */
export function featuresOf(rows: readonly ArrayLike<number>[]): Features {
  const dimensions = rows[0]?.length ?? 0
  const values = new Float64Array(rows.length * dimensions)
  rows.forEach((row, i) => {
    if (row.length !== dimensions) throw new RangeError(`${row.length} features beside ${dimensions}`)
    values.set(row, i * dimensions)
  })
  return { count: rows.length, dimensions, values }
}

/** Some rows, in any order, with repetitions. */
export function selectRows({ dimensions, values }: Features, rows: readonly number[]): Features {
  const selected = new Float64Array(rows.length * dimensions)
  rows.forEach((row, i) =>
    selected.set(values.subarray(row * dimensions, (row + 1) * dimensions), i * dimensions),
  )
  return { count: rows.length, dimensions, values: selected }
}

/** @throws RangeError if two sets cannot be compared. */
export function checkComparable(a: Features, b: Features): void {
  if (a.dimensions !== b.dimensions)
    throw new RangeError(`${a.dimensions} features cannot be compared with ${b.dimensions}`)
  if (Math.min(a.count, b.count) < 2) throw new RangeError('a distance takes at least 2 vectors of each kind')
}
