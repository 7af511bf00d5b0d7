import { expect, test } from 'vitest'
import { counted } from '../src/counted.js'
import { numbered } from '../src/schemes/numbered.js'

test('one thing is not many', () => {
  expect([0, 1, 2].map((count) => counted(count, 'video'))).toEqual(['0 videos', '1 video', '2 videos'])
  expect([1, 3].map((count) => counted(count, 'try', 'tries'))).toEqual(['1 try', '3 tries'])
  expect([[4], [4, 4], [3, 7, 8, 9]].map((frames) => numbered('frame', frames))).toEqual([
    'frame 4',
    'frame 4',
    'frames 3,7-9',
  ])
})
