import type { XlaFinding } from '../runtime/xla-findings.js'
import { sideName } from './measure-task.js'
import type { BenchResult } from './run-bench.js'
import type { Side } from './side-job.js'
import { pairedRatio } from './paired-ratio.js'

/** XLA compiles for long: it must make steps this much faster to pay. */
const LARGEST_RATIO = 0.95

/**
 * What a benchmark says of XLA: whether it paid in every task that was measured with and without it. Training
 * and sampling must have been among them, as one setting serves both.
 */
export function xlaFindings({ products, tasks }: BenchResult): readonly XlaFinding[] {
  const all = tasks.flatMap(({ sides }) => sides)
  return products.flatMap(({ side: name, device, tensorflow, precision }) => {
    const plain = all.find(({ side }) => sideName(side) === name)?.side
    if (!plain || tensorflow === undefined) return []
    const pairs = tasks.flatMap(({ task, sides }) => {
      const compiled = { ...plain, compile: true, checkpoint: false }
      const [without, withXla] = [false, true].map((xla) =>
        sides.find(({ side }) => isLike(side, { ...compiled, xla })),
      )
      if (!without || !withXla || without.failure !== undefined) return []
      return [{ task, ratio: pairedRatio(withXla.rounds, without.rounds) }]
    })
    if (new Set(pairs.map(({ task }) => task)).size < 2) return []
    // The ratio of a side that failed is NaN, which is no gain.
    const pays = pairs.every(({ ratio }) => ratio <= LARGEST_RATIO)
    return [{ device, tensorflow, precision, pays }]
  })
}

function isLike(a: Side, b: Side): boolean {
  const keys = ['program', 'backend', 'compile', 'precision', 'xla', 'checkpoint'] as const
  return keys.every((key) => a[key] === b[key])
}
