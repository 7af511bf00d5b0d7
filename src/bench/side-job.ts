import type { ModelConfig } from '../config/model.js'
import type { Precision } from '../runtime/compile-settings.js'
import type { Backend } from '../runtime/start.js'
import type { OperationTime } from './operation-times.js'

/** What is measured. */
export type BenchTask = 'train' | 'sample'

/** Whose steps: this program's, or the original's under PyTorch. */
export type BenchProgram = 'own' | 'original'

/** One way of computing a step. */
export interface Side {
  readonly name: string
  readonly program: BenchProgram
  /** What it is, for the help. */
  readonly help: string
  readonly backend: Backend
  /** Whether a step is compiled, by whichever compiler the program has. */
  readonly compile: boolean
  /** Under PyTorch, bf16 is autocast, and may use TF32 for what it leaves in float32. */
  readonly precision: Precision
  /** Whether TensorFlow's XLA compiles the step further. */
  readonly xla: boolean
  /** Whether activations are computed again in the backward pass. */
  readonly checkpoint: boolean
}

/** What a side's process is told first. */
export interface SideJob extends Pick<Side, 'backend' | 'compile' | 'precision' | 'xla'> {
  readonly task: BenchTask
  readonly model: ModelConfig
  readonly batch: number
  readonly frames: number
  readonly threads: number
}

/** What a side's process is asked for, one after the other. Each request has one reply. */
export interface SideRequests {
  /** Loads the library: what comes after counts as memory of the job. */
  start: { request: { readonly job: SideJob }; reply: SideAbout }
  /** Makes network, optimizer and batch. */
  prepare: { request: object; reply: SidePrepared }
  steps: { request: { readonly count: number }; reply: { readonly milliseconds: readonly number[] } }
  /** The best of some products of square matrices of so many rows. */
  product: { request: { readonly size: number }; reply: { readonly gflops: number } }
  memory: { request: object; reply: SideMemory }
  /** Some more steps under TensorFlow's profiler. */
  profile: { request: { readonly count: number; readonly file: string }; reply: SideProfile }
}

export interface SideAbout {
  /** Programs with their versions. */
  readonly software: string
  /** TensorFlow's version, if that computes. */
  readonly tensorflow?: string
  /** What it computes on. */
  readonly device: string
  readonly isGpu: boolean
}

export interface SidePrepared {
  /** Numbers in the network. */
  readonly parameters: number
  /** Loss of each video, for weights, inputs and noise that all sides make the same. */
  readonly losses: readonly number[]
}

export interface SideProfile {
  /** What it saw, in TensorFlow's own format. */
  readonly file: string
  readonly steps: number
  /** Those that took longest first. */
  readonly operations: readonly OperationTime[]
}

export interface SideMemory {
  /** Most main memory that the process ever had, above what it had after `start`; null if it cannot know. */
  readonly bytes: number | null
}
