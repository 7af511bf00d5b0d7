import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { jsonLines } from '../../src/tracking/json-lines.js'
import { requireOwnLog, runPlace } from '../../src/training/run-place.js'
import { smallConfig } from './fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-place-'))
const shared = path.join(root, 'logs')
const log = path.join(shared, 'log.jsonl')
afterAll(() => rmSync(root, { recursive: true }))

beforeAll(() => {
  for (const [runId, log_dir] of [
    ['a', ''],
    ['b', shared],
  ] as const) {
    // prettier-ignore
    const folder = path.join(root, runId)
    mkdirSync(folder)
    const content = { state_dict: { w: tensor('float32', [1], [0]) }, config: { log_dir }, step: 10 }
    writeTorchFile(path.join(folder, 'model000010.pt'), content)
    writeFileSync(path.join(folder, 'opt000010.pt'), '')
  }
})

/** What resuming a run with its log in a folder does, before any work. */
const resume = (runId: string, log_dir: string) => () => {
  const config = smallConfig({ resume_id: runId, log_dir })
  requireOwnLog(runPlace(config, root, ''), config, root)
}

it('a log says whose it is, and no other run goes on with it', () => {
  jsonLines(log, 0, 'b').log(0, { num_parameters: 5 })
  const resumed = jsonLines(log, 0, 'b')
  for (const step of [10, 20]) resumed.log(step, { loss: 1 })
  const lines = readFileSync(log, 'utf8')
  expect(lines.split('\n')[0]).toBe('{"step":0,"run_id":"b","num_parameters":5}')
  expect(lines.match(/run_id/g)).toHaveLength(1)
  expect(resume('b', shared)).not.toThrow()
  expect(resume('a', shared)).toThrow(UserError)
  expect(resume('a', shared)).toThrow(
    `${log} is the log of run b, not of a: name another folder with --log_dir`,
  )
})

it('the first line that is left to a log says it again', () => {
  const file = path.join(root, 'cut', 'log.jsonl')
  jsonLines(file, 20, 'a').log(30, { loss: 1 })
  jsonLines(file, 20, 'a').log(25, { loss: 2 })
  expect(readFileSync(file, 'utf8')).toBe('{"step":25,"run_id":"a","loss":2}\n')
  expect(resume('a', path.dirname(file))).not.toThrow()
})

it('the log of a version that did not say it is gone on with where it was before', () => {
  writeFileSync(log, '{"step":0}\n{"step":10}\n')
  expect(resume('b', shared)).not.toThrow()
  expect(resume('b', path.join(root, '.', 'logs', '.'))).not.toThrow()
  expect(resume('a', shared)).toThrow(`${log} is the log of another run: name another folder with --log_dir`)
})

it("the run's own folder, one without a log, and one with half a first line are open to it", () => {
  const own = path.join(root, 'a')
  writeFileSync(path.join(own, 'log.jsonl'), '{"step":0,"run_id":"copied-from"}\n')
  for (const folder of ['', own, path.join(root, 'none')]) expect(resume('a', folder)).not.toThrow()
  writeFileSync(log, '{"step":0,"run')
  expect(resume('a', shared)).not.toThrow()
  writeFileSync(log, 'something\nelse\n')
  expect(resume('a', shared)).toThrow(UserError)
})
