import { counted } from '../../counted.js'
import { UserError } from '../../errors.js'
import { range } from '../../schemes/range.js'

export interface VideoSelection {
  readonly start: number
  /** End of the range. Undefined: one batch. */
  readonly stop: number | undefined
  readonly batchSize: number
  /** Number of this task in an array of tasks, each of which samples its own batch. */
  readonly taskId: number | undefined
  /** How many videos there are to complete. Undefined: any number, as none is looked at. */
  readonly available: number | undefined
}

/**
 * Which videos to sample, ascending: the range asked for, or one batch, which ends with the data set.
 * @throws UserError for a range that is empty or reaches beyond the data set.
 */
export function selectVideos({ start, stop, batchSize, taskId, available }: VideoSelection): number[] {
  if (taskId !== undefined && !(Number.isSafeInteger(taskId) && taskId >= 0))
    throw new UserError(`the number of a task is an integer of at least 0, not ${taskId}`)
  const first = stop === undefined && taskId !== undefined ? taskId * batchSize : start
  const end = stop ?? Math.min(first + batchSize, Math.max(available ?? Infinity, first + 1))
  if (end <= first)
    throw new UserError(`no video is in the range from start_index ${first} to stop_index ${end}`)
  if (available !== undefined && end > available)
    throw new UserError(
      `video ${end - 1} cannot be completed: the data set has ${counted(available, 'test video')}, from 0`,
    )
  return range(first, end)
}
