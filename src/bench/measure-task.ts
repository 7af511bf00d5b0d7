import { hostname } from 'node:os'
import path from 'node:path'
import { UserError } from '../errors.js'
import { median } from '../median.js'
import { networkFlops } from '../model/flops.js'
import { graphicsMemoryUsed } from '../runtime/devices.js'
import type { BenchConfiguration } from './configurations.js'
import type { BenchTask, Side, SideJob, SidePrepared, SideProfile } from './side-job.js'
import { SideFailure, startSide, type SideCommand, type SideProcess } from './side-process.js'

export interface TaskSetup {
  readonly configuration: BenchConfiguration
  readonly task: BenchTask
  /** In the order in which they take turns. */
  readonly sides: readonly Side[]
  /** How to start a side's process. */
  readonly commandOf: (side: Side) => SideCommand
  /** Rounds, in each of which every side has its turn. */
  readonly repetitions: number
  /** Milliseconds that a turn lasts, roughly; it has one step at least. */
  readonly turn: number
  readonly threads: number
  /** Folder for profiles of this program's steps, as TensorBoard looks for them; none are made without it. */
  readonly profiles?: string | undefined
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number, note: string) => void
}

/** How the sides did one task of one configuration. */
export interface TaskResult {
  readonly configuration: string
  readonly task: BenchTask
  /** Frames that go through the network in a step. */
  readonly frames: number
  /** Floating-point operations of a step's convolutions and matrix products. */
  readonly flops: number
  readonly parameters: number
  readonly sides: readonly SideResult[]
}

export interface SideResult {
  readonly side: Side
  /** Milliseconds of each step, by round; none if the side failed. */
  readonly rounds: readonly (readonly number[])[]
  /** Most main memory of its process above that of the idle one; null where it is not known. */
  readonly memory: number | null
  /** Memory of GPUs that it took, with the library's own; null where it is not known. */
  readonly deviceMemory: number | null
  /** Why it does not work on this machine, if it does not. */
  readonly failure?: string
  /** Where the time of some steps went, if that was asked for; or why that is not known. */
  readonly profile?: SideProfile | { readonly failure: string }
}

/** Steps before the first that counts: compilers and allocators are at work in them. */
const WARM_UP = 3
const MOST_STEPS = 100
/** Steps that are profiled. */
const PROFILED = 3

/**
 * Measures a task, each side in a process of its own, in turns, so that all see the machine in the same state.
 * @throws UserError if the sides do not compute the same network.
 */
export async function measureTask(setup: TaskSetup): Promise<TaskResult> {
  const { configuration, task, sides, repetitions, signal, onProgress } = setup
  const { model, batch, frames } = configuration
  const runners = sides.map((side) => new Runner(side, setup))
  const profiled = runners.filter(({ isProfiled }) => isProfiled)
  const total = sides.length * (1 + repetitions) + profiled.length
  let done = 0
  const turn = async (runner: Runner, part: () => Promise<void>) => {
    signal.throwIfAborted()
    onProgress(done++, total, `${configuration.name} ${task} ${runner.name}`)
    await runner.attempt(part)
  }
  const stop = () => runners.forEach((runner) => void runner.close())
  signal.addEventListener('abort', stop)
  try {
    for (const runner of runners) await turn(runner, () => runner.prepare())
    checkSameNetwork(runners)
    for (let round = 0; round < repetitions; round++)
      for (const runner of runners) await turn(runner, () => runner.measure())
    for (const runner of profiled) await turn(runner, () => runner.profile())
    onProgress(total, total, `${configuration.name} ${task}`)
    const forward = networkFlops(model, batch, frames)
    return {
      configuration: configuration.name,
      task,
      frames: batch * frames,
      flops: task === 'train' ? 3 * forward : forward,
      parameters: runners.find(({ prepared }) => prepared)?.prepared?.parameters ?? NaN,
      sides: await Promise.all(runners.map((runner) => runner.result())),
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await Promise.all(runners.map((runner) => runner.close()))
    signal.throwIfAborted()
  }
}

/** One side on its way through a task. */
class Runner {
  prepared: SidePrepared | undefined
  readonly #side: Side
  readonly #setup: TaskSetup
  readonly #process: SideProcess
  readonly #rounds: (readonly number[])[] = []
  #steps = 1
  #deviceMemory: number | null = null
  #failure: string | undefined
  #profile: SideResult['profile']

  constructor(side: Side, setup: TaskSetup) {
    this.#side = side
    this.#setup = setup
    this.#process = startSide(setup.commandOf(side))
  }

  get name(): string {
    return sideName(this.#side)
  }

  get side(): Side {
    return this.#side
  }

  get isProfiled(): boolean {
    const { program, backend } = this.#side
    return this.#setup.profiles !== undefined && program === 'own' && backend === 'tensorflow'
  }

  /** Does a part unless the side has failed before; its failure ends this side alone. */
  async attempt(part: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return
    try {
      await part()
    } catch (error) {
      if (!(error instanceof SideFailure)) throw error
      this.#failure = error.message
    }
  }

  async prepare(): Promise<void> {
    const before = graphicsMemoryUsed()
    await this.#process.ask('start', { job: jobOf(this.#side, this.#setup) })
    this.prepared = await this.#process.ask('prepare', {})
    const { milliseconds } = await this.#process.ask('steps', { count: WARM_UP })
    const after = graphicsMemoryUsed()
    this.#deviceMemory = before !== undefined && after !== undefined ? after - before : null
    const steps = Math.round(this.#setup.turn / Math.min(...milliseconds))
    this.#steps = Math.min(MOST_STEPS, Math.max(1, steps))
  }

  async measure(): Promise<void> {
    const { milliseconds } = await this.#process.ask('steps', { count: this.#steps })
    this.#rounds.push(milliseconds)
  }

  /** A side that cannot be profiled has its times all the same. */
  async profile(): Promise<void> {
    const { profiles = '', configuration, task } = this.#setup
    const run = `${configuration.name}-${task}-${this.#side.name}`
    const file = path.join(profiles, 'plugins/profile', run, `${hostname()}.xplane.pb`)
    try {
      this.#profile = await this.#process.ask('profile', { count: PROFILED, file })
    } catch (error) {
      if (!(error instanceof SideFailure)) throw error
      this.#profile = { failure: error.message }
    }
  }

  async result(): Promise<SideResult> {
    let memory: number | null = null
    await this.attempt(async () => {
      memory = (await this.#process.ask('memory', {})).bytes
    })
    const failed = this.#failure !== undefined && { failure: this.#failure }
    const rounds = failed ? [] : this.#rounds
    const profile = this.#profile && { profile: this.#profile }
    return { side: this.#side, rounds, memory, deviceMemory: this.#deviceMemory, ...failed, ...profile }
  }

  close(): Promise<void> {
    return this.#process.close()
  }
}

/** A side's name among those of both programs. */
export function sideName({ program, name }: Side): string {
  return program === 'own' ? name : `original ${name}`
}

/** What a side's process is told. */
export function jobOf(
  side: Side,
  { configuration, task, threads }: Pick<TaskSetup, 'configuration' | 'task' | 'threads'>,
): SideJob {
  const { backend, compile, precision, xla, checkpoint } = side
  const { model, batch, frames } = configuration
  return {
    backend,
    compile,
    precision,
    xla,
    task,
    batch,
    frames,
    threads,
    model: { ...model, use_checkpoint: checkpoint },
  }
}

/** By how much losses may differ, relative to the first side's. TF32 has three bits more than bfloat16. */
const TOLERANCE = { fp32: 1e-3, tf32: 4e-3, bf16: 3e-2 } as const

function checkSameNetwork(runners: readonly Runner[]): void {
  const [first, ...others] = runners.filter(({ prepared }) => prepared)
  if (!first?.prepared) return
  for (const { prepared, side, name } of others) {
    if (!prepared) continue
    const [ours, theirs] = [first.prepared, prepared]
    if (ours.parameters !== theirs.parameters)
      throw new UserError(
        `${name} has ${theirs.parameters} parameters, ${first.name} ${ours.parameters}: these are different networks`,
      )
    const bound = Math.max(TOLERANCE[side.precision], TOLERANCE[first.side.precision])
    const [a, b] = [ours.losses, theirs.losses].map((losses) => median(losses)) as [number, number]
    if (!(Math.abs(a - b) <= bound * Math.abs(a)))
      throw new UserError(
        `${name} gives the loss ${b} where ${first.name} gives ${a}: they do not compute the same`,
      )
  }
}
