import { UserError } from '../errors.js'
import { expectObject, expectShape } from '../expect.js'
import type { Tensor } from '../runtime/tf.js'
import type { GaussianDiffusion } from './gaussian-diffusion.js'

/** Tensors that go together: of the shape of the videos x0, (B, T, H, W, C), or of its frames, (B, T). */
export interface VideoTensors {
  readonly x0: Tensor
  readonly noise?: Tensor
  readonly masks?: Readonly<Record<string, Tensor | undefined>>
  /** The step of each video: numbers, or a table of as many rows. */
  readonly steps?: Tensor | readonly number[]
}

/**
 * Checks what losses and likelihood terms are given.
 * @param where what takes them, for the message
 * @throws UserError saying what was expected and what came.
 */
export function checkInputs(where: string, diffusion: GaussianDiffusion, tensors: VideoTensors): void {
  const members = { config: 'object', numTimesteps: 'number', at: 'function', qSample: 'function' } as const
  expectObject(`${where} takes first what createDiffusion gives`, diffusion, members)
  const { x0, noise, masks = {} } = tensors
  expectObject(`${where} takes as x0 videos (B, T, H, W, C)`, x0, { shape: 'object' })
  if (x0.shape.length !== 5)
    throw new UserError(`${where} takes as x0 videos (B, T, H, W, C), not (${x0.shape.join(', ')})`)
  if ('noise' in tensors) expectShape(`${where} takes as noise`, noise, x0.shape)
  for (const [name, mask] of Object.entries(masks))
    if (mask !== undefined) expectShape(`${where} takes as ${name}`, mask, x0.shape.slice(0, 2))
  if ('steps' in tensors) checkSteps(where, tensors.steps, x0.shape[0])
}

function checkSteps(where: string, steps: VideoTensors['steps'], videos: number | undefined): void {
  const count = steps && 'shape' in steps ? steps.shape[0] : steps?.length
  if (count !== videos)
    throw new UserError(`${where} takes one step per video, ${videos ?? 0} of them, not ${count ?? 'none'}`)
}
