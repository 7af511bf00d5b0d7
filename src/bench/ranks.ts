import { median } from '../median.js'
import { numbersOfRanks, sumOverRanks, waitForRanks, type RankGroup } from '../runtime/rank-group.js'
import { tf } from '../runtime/tf.js'
import type { BenchConfiguration } from './configurations.js'
import { prepareSteps } from './own-steps.js'
import type { SideJob } from './side-job.js'

/** What is measured of a clock's two readings: milliseconds passed, and of this process's processor time. */
export interface Spent {
  readonly wall: number
  readonly processor: number
}

/** Steps of a training job on a rank, medians of many. */
export interface StepsOfRanks {
  /** One rank's, while the others do nothing. */
  readonly single: Spent
  /** While all compute such steps, each for itself. */
  readonly apart: Spent
  /** With the sums over the ranks. */
  readonly together: Spent
}

/** The clock is passed in, as the core has none. */
export type Clock = () => Spent

/**
 * Times training steps of a rank by itself, of all beside each other and of all together, in turns. To be
 * called by all ranks at once.
 */
export async function measureSteps(
  ranks: RankGroup,
  { model, batch, frames }: BenchConfiguration,
  { rounds, steps, clock }: { readonly rounds: number; readonly steps: number; readonly clock: Clock },
): Promise<StepsOfRanks> {
  const how = { backend: 'tensorflow', compile: true, precision: 'fp32', xla: false } as const
  const job: SideJob = { task: 'train', ...how, model, batch, frames, threads: 1 }
  const alone = prepareSteps(job).begin()
  const shared = prepareSteps(job, ranks).begin()
  const times: Record<keyof StepsOfRanks, Spent[]> = { single: [], apart: [], together: [] }
  // The first steps record.
  for (const step of [alone, shared, alone, shared]) await step()
  for (let round = 0; round < rounds; round++) {
    const turn = async (name: keyof StepsOfRanks, step: () => Promise<void>) => {
      await waitForRanks(ranks)
      if (name === 'single' && ranks.rank > 0) return
      for (let i = 0; i < steps; i++) times[name].push(await timed(clock, step))
    }
    await turn('single', alone)
    await turn('apart', alone)
    await turn('together', shared)
  }
  await waitForRanks(ranks)
  return { single: medianOf(times.single), apart: medianOf(times.apart), together: medianOf(times.together) }
}

/** Milliseconds of a sum over the ranks by the number of floats, medians of `times`. */
export async function measureSums(
  ranks: RankGroup,
  sizes: readonly number[],
  { times, clock }: { readonly times: number; readonly clock: Clock },
): Promise<readonly Spent[]> {
  const results: Spent[] = []
  for (const size of sizes) {
    const given = tf.fill([size], ranks.rank)
    const spent: Spent[] = []
    for (let i = 0; i < times + 1; i++) {
      await numbersOfRanks(ranks, [0])
      const time = await timed(clock, async () => {
        const [sum] = sumOverRanks(ranks, new Map([[`bench ${size}`, given]])).values()
        const first = sum && tf.tidy(() => tf.slice(sum.as1D(), 0, 1))
        await first?.data()
        tf.dispose([sum ?? [], first ?? []])
      })
      // The first makes connections.
      if (i > 0) spent.push(time)
    }
    given.dispose()
    results.push(medianOf(spent))
  }
  return results
}

async function timed(clock: Clock, work: () => Promise<void>): Promise<Spent> {
  const start = clock()
  await work()
  const end = clock()
  return { wall: end.wall - start.wall, processor: end.processor - start.processor }
}

function medianOf(times: readonly Spent[]): Spent {
  return {
    wall: median(times.map(({ wall }) => wall)),
    processor: median(times.map((time) => time.processor)),
  }
}
