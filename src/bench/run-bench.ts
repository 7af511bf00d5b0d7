import type { BenchConfiguration } from './configurations.js'
import { measureProducts, type ProductResult } from './measure-products.js'
import { measureTask, type TaskResult } from './measure-task.js'
import type { BenchTask, Side } from './side-job.js'
import type { SideCommand } from './side-process.js'

export interface BenchSetup {
  readonly configurations: readonly BenchConfiguration[]
  readonly tasks: readonly BenchTask[]
  /** In the order in which they take turns. */
  readonly sides: readonly Side[]
  /** How to start a side's process. */
  readonly commandOf: (side: Side) => SideCommand
  /** Rounds, in each of which every side has its turn. */
  readonly repetitions: number
  /** Milliseconds that a turn lasts, roughly; it has one step at least. */
  readonly turn: number
  readonly threads: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number, note: string) => void
  readonly onProducts: (products: readonly ProductResult[]) => void
  /** Called as soon as a task of a configuration is measured. */
  readonly onTask: (result: TaskResult, products: readonly ProductResult[]) => void
}

/** All numbers of a run: what `--json` writes. */
export interface BenchResult {
  readonly threads: number
  readonly repetitions: number
  readonly products: readonly ProductResult[]
  readonly tasks: readonly TaskResult[]
}

/**
 * Measures every task of every configuration.
 * @throws UserError if sides that are compared do not compute the same network.
 */
export async function runBench(setup: BenchSetup): Promise<BenchResult> {
  const { configurations, tasks, threads, repetitions } = setup
  const products = await measureProducts(setup)
  setup.onProducts(products)
  const results: TaskResult[] = []
  for (const configuration of configurations) {
    for (const task of tasks) {
      const result = await measureTask({ ...setup, configuration, task })
      results.push(result)
      setup.onTask(result, products)
    }
  }
  return { threads, repetitions, products, tasks: results }
}
