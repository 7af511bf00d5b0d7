import { UserError } from '../errors.js'
import { writeFileAtomic } from '../files/write-file.js'
import { parameterCount } from '../model/parameters.js'
import { enableCompiling } from '../runtime/compile.js'
import { nativeExtension } from '../runtime/native-extension.js'
import { startRuntime } from '../runtime/start.js'
import { matrixProductSpeed } from './matrix-product-speed.js'
import { operationTimes } from './operation-times.js'
import { prepareSteps, type PreparedSteps } from './own-steps.js'
import { forgetPeak, peakMemory, residentMemory } from './process-memory.js'
import type { SideAbout, SideJob, SideMemory, SidePrepared, SideProfile } from './side-job.js'

/** This program's steps, on request: what runs in a side's process. */
export class OwnSide {
  readonly #job: SideJob
  readonly #now: () => number
  readonly #idle: number | undefined
  #steps: PreparedSteps | undefined

  private constructor(job: SideJob, now: () => number) {
    this.#job = job
    this.#now = now
    this.#idle = residentMemory()
  }

  /**
   * Loads the backend; what comes after counts as memory of the job.
   * @param now milliseconds since some moment
   */
  static async start(job: SideJob, now: () => number): Promise<readonly [OwnSide, SideAbout]> {
    const { backend, precision, xla, compile } = job
    const { tensorflowVersion, devices, ...started } = await startRuntime({
      backend,
      precision,
      xla: xla ? 'on' : 'off',
    })
    if (started.precision !== precision || started.xla !== xla) throw new UserError(started.description)
    enableCompiling(compile)
    await matrixProductSpeed(64, now)
    forgetPeak()
    const [device] = devices
    const library = tensorflowVersion === undefined ? 'WebAssembly' : `TensorFlow ${tensorflowVersion}`
    const about = {
      software: `${library}, Node ${process.version}`,
      ...(tensorflowVersion !== undefined && { tensorflow: tensorflowVersion }),
      device: device?.name ?? '',
      isGpu: device?.type === 'gpu',
    }
    return [new OwnSide(job, now), about]
  }

  async prepare(): Promise<SidePrepared> {
    this.#steps = prepareSteps(this.#job)
    return { parameters: parameterCount(this.#job.model), losses: await this.#steps.losses() }
  }

  async steps({ count }: { readonly count: number }): Promise<{ readonly milliseconds: readonly number[] }> {
    if (!this.#steps) throw new Error('the steps were not prepared')
    const step = this.#steps.begin()
    const milliseconds: number[] = []
    for (let i = 0; i < count; i++) {
      const start = this.#now()
      await step()
      milliseconds.push(this.#now() - start)
    }
    return { milliseconds }
  }

  async product({ size }: { readonly size: number }): Promise<{ readonly gflops: number }> {
    return { gflops: await matrixProductSpeed(size, this.#now) }
  }

  /**
   * @param file where the profile is written to
   * @throws UserError if there is no profiler, or the file cannot be written.
   */
  async profile({ count, file }: { readonly count: number; readonly file: string }): Promise<SideProfile> {
    const { startProfiler, stopProfiler } = nativeExtension() ?? {}
    if (!startProfiler || !stopProfiler)
      throw new UserError('this TensorFlow has no profiler here: run "npx fdm setup"')
    startProfiler()
    await this.steps({ count })
    const profile = stopProfiler()
    writeFileAtomic(file, profile)
    return { file, steps: count, operations: operationTimes(profile) }
  }

  memory(): SideMemory {
    const peak = peakMemory()
    const known = peak !== undefined && this.#idle !== undefined
    return { bytes: known ? peak - this.#idle : null }
  }
}
