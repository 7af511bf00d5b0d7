import { counted } from '../src/counted.js'
import { frameRanges } from '../src/schemes/frame-ranges.js'
import { numbered } from '../src/schemes/numbered.js'
import type { PlanRecord, StageRecord } from '../src/schemes/plan-record.js'

/** Network calls of a plan, and what they cost here if that was measured. */
export interface Cost {
  readonly batch_size: number
  readonly diffusion_steps: number
  /** Per batch. */
  readonly network_calls: number
  readonly seconds_per_call?: number
  readonly seconds_per_batch?: number
  readonly parameter_bytes?: number
  /** Of all frames of a batch, in main memory. */
  readonly frame_bytes?: number
  /** What an adaptive scheme compares frames by. */
  readonly adaptive_features?: 'lpips' | 'pixels'
  /** Of what all frames of a batch are compared by, and of the distances of all pairs in each of its videos. */
  readonly embedding_bytes?: number
  readonly distance_bytes?: number
  /** Whether the former are in GPU memory. */
  readonly embeddings_on_gpu?: boolean
  /** Main memory of this process, at most, until the call was measured. */
  readonly peak_memory_bytes?: number
  /** Of all GPUs' memory, as much more as was taken after the call than before: by whomever, so on idle ones. */
  readonly gpu_memory_bytes?: number
}

/** A plan for people: a line, then one per stage. */
export function planLines(plan: PlanRecord): string[] {
  const { sampling_scheme, T, observed, max_frames, max_latent_frames, stages } = plan
  const given = typeof observed === 'number' ? firstFrames(observed) : numbered('frame', observed)
  const most = Math.min(max_latent_frames, max_frames)
  return [
    `${sampling_scheme}: ${counted(T, 'frame')} from ${given}, at most ${max_frames} at once, ${most} of them new`,
    ...stages.map(
      (stage, i) => `stage ${String(i).padStart(3)}: ${frameRanges(stage.latent)} ${origin(stage)}`,
    ),
  ]
}

const firstFrames = (count: number) =>
  count === 0 ? 'nothing' : count === 1 ? 'the first frame' : `the first ${count} frames`

function origin({ observed, num_observed: count }: StageRecord): string {
  if (observed === null) return `from ${counted(count, 'frame')} chosen by what they look like`
  return count === 0 ? 'from nothing' : `from ${frameRanges(observed)}`
}

/** What a plan costs, for people. */
export function costLines(cost: Cost): string[] {
  const { diffusion_steps: steps, network_calls: calls, batch_size } = cost
  const videos = batch_size === 1 ? 'video' : `${batch_size} videos`
  const lines = [
    `${counted(calls / steps, 'stage')} of ${counted(steps, 'step')}: ${counted(calls, 'call')} of the network per ${videos}`,
  ]
  if (cost.seconds_per_call !== undefined && cost.seconds_per_batch !== undefined)
    lines.push(
      `a call takes ${cost.seconds_per_call.toPrecision(3)} s here: ` +
        `about ${duration(cost.seconds_per_batch)} per ${videos}`,
    )
  const memory = memoryParts(cost)
  return memory.length > 0 ? [...lines, `memory: ${memory.join(', ')}`] : lines
}

function memoryParts(cost: Cost): string[] {
  const { parameter_bytes: parameters, frame_bytes: frames, peak_memory_bytes: peak } = cost
  const { embedding_bytes: embeddings, distance_bytes: distances } = cost
  const compared = cost.adaptive_features === 'lpips' ? 'LPIPS embeddings' : 'mean colours'
  const parts: readonly (readonly [what: string, bytes: number | undefined, more?: string])[] = [
    ['parameters', parameters],
    ['frames', frames],
    [`${compared} of frames`, embeddings, cost.embeddings_on_gpu ? ' of GPU memory' : ''],
    ['distances of frames', distances],
    ['main memory of this process at most', peak, ' until now'],
    ['taken of GPU memory', cost.gpu_memory_bytes],
  ]
  return parts.flatMap(([what, bytes, more = '']) =>
    bytes === undefined ? [] : [`${what} ${megabytes(bytes)}${more}`],
  )
}

function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toPrecision(2)} s`
  return seconds < 6000 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toPrecision(3)} hours`
}

/** Below 1 MB with one digit, which is not 0. */
const megabytes = (bytes: number) =>
  `${bytes < 1e6 ? Number((bytes / 1e6).toPrecision(1)) : Math.round(bytes / 1e6)} MB`
