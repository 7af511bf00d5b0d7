import type { BenchConfiguration } from './configurations.js'
import { jobOf, sideName } from './measure-task.js'
import type { Side } from './side-job.js'
import { SideFailure, startSide, type SideCommand } from './side-process.js'

/** What a side ran on, and what it makes of the best case. */
export interface ProductResult {
  readonly side: string
  readonly software: string
  readonly tensorflow?: string
  readonly device: string
  readonly precision: Side['precision']
  /** GFLOP/s of the best product of two large matrices. */
  readonly gflops: number
}

export interface ProductsSetup {
  readonly configurations: readonly BenchConfiguration[]
  readonly sides: readonly Side[]
  readonly commandOf: (side: Side) => SideCommand
  readonly threads: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number, note: string) => void
}

/** Rows of the matrices: large enough that nothing but arithmetic counts. */
const CPU_SIZE = 2048
const GPU_SIZE = 8192
const WASM_SIZE = 512

/**
 * The speed of large matrix products by each side, one after the other: what its steps can be held against.
 * Sides that do not start are left out, and those that are known to multiply as another does.
 */
export async function measureProducts(setup: ProductsSetup): Promise<readonly ProductResult[]> {
  const { sides, commandOf, signal, onProgress } = setup
  const [configuration] = setup.configurations
  if (!configuration) return []
  const results: ProductResult[] = []
  for (const [i, side] of sides.entries()) {
    signal.throwIfAborted()
    if (sides.findIndex((other) => sameProducts(side, other)) < i) continue
    onProgress(i, sides.length, `matrix products, ${sideName(side)}`)
    const process = startSide(commandOf(side))
    const stop = () => void process.close()
    signal.addEventListener('abort', stop)
    try {
      const job = jobOf(side, { ...setup, configuration, task: 'sample' })
      const { isGpu, ...about } = await process.ask('start', { job })
      const size = side.backend === 'wasm' ? WASM_SIZE : isGpu ? GPU_SIZE : CPU_SIZE
      const { gflops } = await process.ask('product', { size })
      results.push({ side: sideName(side), ...about, precision: side.precision, gflops })
    } catch (error) {
      if (!(error instanceof SideFailure)) throw error
    } finally {
      signal.removeEventListener('abort', stop)
      await process.close()
    }
  }
  onProgress(sides.length, sides.length, 'matrix products')
  return results
}

function sameProducts(a: Side, b: Side): boolean {
  return a.program === b.program && a.backend === b.backend && a.precision === b.precision
}
