import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { jsonLines } from '../../src/tracking/json-lines.js'
import { addLosses } from '../../src/tracking/loss-metrics.js'
import { newRunId } from '../../src/tracking/run-id.js'
import { runningMeans } from '../../src/tracking/running-means.js'

it('means are of what came since they were taken, and go on from a saved state', () => {
  const means = runningMeans()
  means.add('a', 1)
  means.add('b', 5)
  const resumed = runningMeans(means.state())
  resumed.add('a', 4)
  expect(resumed.take()).toEqual({ a: 2.5, b: 5 })
  expect(resumed.take()).toEqual({})
})

it('losses count as the mean of a batch and under the quarter of their timestep, weighted', () => {
  const means = runningMeans()
  const draw = { timesteps: [0, 7, 8, 31], weights: [1, 1, 2, 1] }
  addLosses(means, { loss: Float32Array.of(1, 3, 4, 8), mse: [0, 0, 0, 1] }, draw, 32)
  expect(means.take()).toEqual({
    loss: 5,
    loss_q0: 2,
    loss_q1: 8,
    loss_q3: 8,
    mse: 0.25,
    mse_q0: 0,
    mse_q1: 0,
    mse_q3: 1,
  })
})

it('a log goes on where a run is resumed: later and unfinished lines go', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-log-'))
  const file = path.join(folder, 'new', 'log.jsonl')
  const first = jsonLines(file, 0)
  // The second line of step 20 came when the run ended, after its last whole interval.
  for (const step of [10, 20, 20, 30]) first.log(step, { loss: step / 10, bad: NaN })
  appendFileSync(file, '{"step": 4')
  jsonLines(file, 20).log(30, { loss: 7 })
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { step: 10, loss: 1, bad: null },
    { step: 20, loss: 2, bad: null },
    { step: 30, loss: 7 },
  ])
  rmSync(folder, { recursive: true })
  appendFileSync(folder, '')
  expect(() => jsonLines(path.join(folder, 'x', 'log.jsonl'), 0).log(1, {})).toThrow(UserError)
  expect(() => jsonLines(path.join(folder, 'log.jsonl'), 0)).toThrow(
    /log\.jsonl: a part of its path is a file/,
  )
  rmSync(folder)
})

it('a log goes on after a line that lacks nothing but its end, and after long ones', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-log-'))
  const file = path.join(folder, 'log.jsonl')
  // More than is read at once; letters of several bytes, that a cut between two reads would go through.
  const long = JSON.stringify({ step: 10, note: 'ä數'.repeat(500_000) })
  writeFileSync(file, `${long}\n{"step":20}\n{"step":30}`)
  jsonLines(file, 30).log(40, {})
  expect(readFileSync(file, 'utf8')).toBe(`${long}\n{"step":20}\n{"step":40}\n`)
  jsonLines(file, 20)
  expect(readFileSync(file, 'utf8')).toBe(`${long}\n{"step":20}\n`)
  // An empty line, as editors leave, hides nothing.
  writeFileSync(file, '{"step":10}\n\n{"step":20}\n')
  jsonLines(file, 20)
  expect(readFileSync(file, 'utf8')).toBe('{"step":10}\n\n{"step":20}\n')
  rmSync(folder, { recursive: true })
})

it('run ids are eight letters and digits', () => {
  expect(newRunId(() => 0)).toBe('00000000')
  expect(newRunId(() => 0.9999)).toBe('zzzzzzzz')
})
