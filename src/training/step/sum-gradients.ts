import type { Parameters } from '../../nn/scope.js'
import { sumOverRanks, type RankGroup } from '../../runtime/rank-group.js'
import { tf, type Tensor, type Tensor1D } from '../../runtime/tf.js'
import { nameTensors } from './state.js'

/** What a step learns from its batch. */
export interface BatchGradients {
  readonly gradients: Parameters
  /** Unweighted losses by kind, one number per video. */
  readonly losses: Readonly<Record<string, Tensor1D>>
  /** (1): what is added up over the ranks; nothing without ranks. */
  readonly stop?: Tensor1D | undefined
}

/**
 * The gradients of all ranks added up, and the losses of all ranks' videos, rank after rank. The
 * gradients of the last parameters, which the backward pass begins with, are summed first. The caller owns both.
 */
export function sumBatchGradients(
  ranks: RankGroup,
  { gradients, losses, stop }: BatchGradients,
): BatchGradients {
  const kinds = Object.keys(losses)
  const B = losses[kinds[0] ?? '']?.size ?? 0
  const backwards = [...gradients].reverse()
  const names = [...gradients.keys()]
  const sums = tf.tidy(() => {
    const rows = tf.concat1d([...Object.values(losses), ...(stop ? [stop] : [])])
    // Each rank's numbers have a place of their own: adding zeros changes none.
    const before = ranks.rank * rows.size
    const padded = tf.pad1d(rows, [before, (ranks.size - 1) * rows.size - before])
    const all = sumOverRanks(ranks, new Map<string, Tensor>([...backwards, ['losses', padded]]))
    return [...all.values()]
  })
  const table = sums.pop() as Tensor1D
  // (ranks, kinds * B + stop)
  const [stopSum, ...byKind] = tf.tidy(() => {
    const rows = table.as2D(ranks.size, table.size / ranks.size)
    const ofKind = kinds.map((_, i) => tf.reshape(tf.slice2d(rows, [0, i * B], [ranks.size, B]), [-1]))
    const stops = stop ? tf.slice2d(rows, [0, kinds.length * B], [ranks.size, 1]) : tf.zeros([1, 1])
    return [tf.reshape(tf.sum(stops), [1]), ...ofKind]
  }) as Tensor1D[]
  table.dispose()
  if (!stop) stopSum?.dispose()
  return {
    gradients: nameTensors(names, sums.reverse()),
    losses: Object.fromEntries(kinds.map((kind, i) => [kind, byKind[i] ?? table])),
    stop: stop && stopSum,
  }
}
