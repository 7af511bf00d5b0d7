import { expect, test } from 'vitest'
import { taskOf } from '../../scripts/task-of.js'
import { UserError } from '../../src/errors.js'

test('the number of a job of an array, by SLURM or Kubernetes', () => {
  expect(taskOf({})).toBeUndefined()
  expect(taskOf({ SLURM_ARRAY_TASK_ID: '12' })).toBe(12)
  expect(taskOf({ JOB_COMPLETION_INDEX: '0' })).toBe(0)
  expect(taskOf({ SLURM_ARRAY_TASK_ID: '', JOB_COMPLETION_INDEX: '3' })).toBe(3)
})

test.each(['-1', '1.5', ' 3', 'x', '1e3', '99999999999999999999'])('"%s" is no such number', (value) => {
  for (const name of ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX']) {
    expect(() => taskOf({ [name]: value })).toThrow(`${name} takes an integer of at least 0, not "${value}"`)
    expect(() => taskOf({ [name]: value })).toThrow(UserError)
  }
})
