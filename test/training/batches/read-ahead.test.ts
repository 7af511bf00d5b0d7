import { expect, it, vi } from 'vitest'
import { readAhead } from '../../../src/training/batches/read-ahead.js'

const reading = () => vi.fn((step: number) => Promise.resolve(step))

it('asks for later steps, for each once, and for none after the end', async () => {
  const read = reading()
  const get = readAhead(read, 2, 6)
  const asked = []
  for (let step = 1; step < 6; step++) {
    expect(await get(step)).toBe(step)
    asked.push(read.mock.calls.map(([other]) => other))
  }
  expect(asked).toEqual([[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]) // prettier-ignore
})

it('asks for nothing but the step itself if told so', async () => {
  const read = reading()
  const get = readAhead(read, 0, Infinity)
  await get(0)
  await get(1)
  expect(read.mock.calls).toEqual([[0], [1]])
})

it('fails at the step that cannot be read, not before', async () => {
  const read = (step: number) => (step === 2 ? Promise.reject(new Error('damaged')) : Promise.resolve(step))
  const get = readAhead(read, 2, Infinity)
  expect(await get(0)).toBe(0)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await get(1)).toBe(1)
  await expect(get(2)).rejects.toThrow('damaged')
})
