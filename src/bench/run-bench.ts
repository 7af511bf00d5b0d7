import type { BenchConfiguration } from './configurations.js'
import { measureProducts, type ProductResult } from './measure-products.js'
import { measureTask, type TaskResult, type TaskSetup } from './measure-task.js'
import type { BenchTask } from './side-job.js'

/** As for one task, but for those that are measured one after the other. */
export interface BenchSetup extends Omit<TaskSetup, 'configuration' | 'task'> {
  readonly configurations: readonly BenchConfiguration[]
  readonly tasks: readonly BenchTask[]
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
