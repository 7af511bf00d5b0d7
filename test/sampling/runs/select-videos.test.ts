import { expect, test } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { selectVideos, type VideoSelection } from '../../../src/sampling/runs/select-videos.js'

const select = (changes: Partial<VideoSelection>) =>
  selectVideos({ start: 0, stop: undefined, batchSize: 3, taskId: undefined, available: 10, ...changes })

test('a range, or one batch', () => {
  expect(select({ start: 2, stop: 7 })).toEqual([2, 3, 4, 5, 6])
  expect(select({})).toEqual([0, 1, 2])
  expect(select({ start: 5 })).toEqual([5, 6, 7])
})

test('the batch of a task in an array', () => {
  expect(select({ taskId: 2, start: 1 })).toEqual([6, 7, 8])
  expect(select({ taskId: 2, start: 1, stop: 3 })).toEqual([1, 2])
})

test('one batch ends with the data set, unless no video is looked at', () => {
  expect(select({ taskId: 3 })).toEqual([9])
  expect(select({ taskId: 3, available: undefined })).toEqual([9, 10, 11])
})

test.each([
  [{ start: 3, stop: 3 }, /no video is in the range.*3.*3/],
  [{ stop: 11 }, /video 10 .* 10 test videos/],
  [{ taskId: 4 }, /video 12 .* 10 test videos/],
  [{ taskId: -1 }, /number of a task/],
  [{ taskId: NaN }, /number of a task/],
])('%o is refused', (changes, message) => {
  expect(() => select(changes)).toThrow(message)
  expect(() => select(changes)).toThrow(UserError)
})
