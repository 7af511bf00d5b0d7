import { expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import type { DiskNews } from '../../../src/training/outages/disk-news.js'
import { heldTracker } from '../../../src/training/outages/held-tracker.js'
import { heldWrites } from '../../../src/training/outages/held-writes.js'

const full = () =>
  new UserError('could not write x: the disk is full', {
    cause: Object.assign(new Error(), { code: 'ENOSPC' }),
  })

/** A place with a disk that can be full, and a clock. */
function place(bound?: number) {
  const disk = { isFull: false, time: 0, fault: undefined as Error | undefined }
  const news: DiskNews[] = []
  const written: (readonly [string, number])[] = []
  const writes = heldWrites({ what: 'the log', now: () => disk.time, tell: (told) => news.push(told), ...(bound !== undefined && { bound }) }) // prettier-ignore
  const add = (name: string, bytes = 1) =>
    writes.add(bytes, (age) => {
      if (disk.fault) throw disk.fault
      if (disk.isFull) throw full()
      written.push([name, age])
    })
  return { disk, news, written, writes, add, names: () => written.map(([name]) => name) }
}

it('keeps what a disk does not take, and writes it in its order, with its age', () => {
  const { disk, news, written, writes, add } = place()
  add('a')
  disk.isFull = true
  for (const name of ['b', 'c']) {
    add(name)
    disk.time += 10
  }
  expect(writes.flush()?.message).toBe('could not write x: the disk is full')
  expect(written).toEqual([['a', 0]])
  disk.isFull = false
  add('d')
  expect(written).toEqual([['a', 0], ['b', 20], ['c', 10], ['d', 0]]) // prettier-ignore
  expect(writes.flush()).toBeUndefined()
  // Once each, however often it was tried.
  expect(news).toEqual([
    { kind: 'not written', what: 'the log', reason: 'could not write x: the disk is full' },
    { kind: 'written again', what: 'the log', lost: 0 },
  ])
})

it('keeps so much and no more: the oldest go, and are counted', () => {
  const { disk, news, add, names } = place(10)
  disk.isFull = true
  for (const name of ['a', 'b', 'c', 'd']) add(name, 4)
  disk.isFull = false
  add('e', 100)
  expect(names()).toEqual(['c', 'd', 'e'])
  expect(news.at(-1)).toEqual({ kind: 'written again', what: 'the log', lost: 2 })
})

it('throws what waiting does not change', () => {
  const { disk, add } = place()
  disk.fault = new TypeError('a fault')
  expect(() => add('a')).toThrow(TypeError)
})

it('a tracker gets its lines and pictures when its disk takes them, each after a look', () => {
  const { disk, writes } = place()
  const got: unknown[] = []
  let looks = 0
  const tracker = heldTracker(
    {
      log: (...line) => got.push(line),
      media: (step, name, _, age) => got.push([step, name, age]),
    },
    writes,
    () => {
      looks++
      if (disk.isFull) throw full()
    },
  )
  disk.isFull = true
  tracker.log(1, { loss: 2 })
  disk.time = 5
  tracker.media?.(1, 'video', { kind: 'gif', bytes: new Uint8Array(3) })
  expect(got).toEqual([])
  disk.isFull = false
  writes.flush()
  expect(got).toEqual([[1, { loss: 2 }, 5], [1, 'video', 0]]) // prettier-ignore
  expect(looks).toBe(4)
})

it('writes that take their time wait as well, not more than some', async () => {
  const { disk, news, writes } = place(20)
  const steps: number[] = []
  disk.isFull = true
  for (let step = 1; step <= 22; step++)
    await writes.addAwaited(1, async () => {
      await Promise.resolve()
      if (disk.isFull) throw full()
      steps.push(step)
    })
  expect((await writes.flushAwaited())?.message).toBe('could not write x: the disk is full')
  disk.isFull = false
  expect(await writes.flushAwaited()).toBeUndefined()
  expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i + 3))
  expect(news.map(({ kind }) => kind)).toEqual(['not written', 'written again'])
  expect(news.at(-1)).toMatchObject({ lost: 2 })
  disk.fault = new TypeError('a fault')
  await expect(writes.addAwaited(1, () => Promise.reject(disk.fault ?? full()))).rejects.toThrow(TypeError)
})
