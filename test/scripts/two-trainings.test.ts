import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runRegressorTraining } from '../../scripts/run-regressor-training.js'
import { silentTerminal, type Terminal } from '../../scripts/terminal.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-two-'))
const started = process.cwd()
beforeAll(() => process.chdir(folder))
afterAll(() => {
  process.chdir(started)
  rmSync(folder, { recursive: true })
})

it('regressor-train leaves a run alone that another process trains', async () => {
  const run = path.join('checkpoints', 'abc')
  const claim = path.join(run, '.training.claim-1')
  mkdirSync(run, { recursive: true })
  writeFileSync(claim, JSON.stringify({ machine: 'node7', pid: 12 }))
  writeFileSync(path.join(run, 'log.jsonl'), '{"step":1}\n')
  const said: string[] = []
  const terminal: Terminal = {
    ...silentTerminal({ signal: new AbortController().signal } as Terminal),
    log(text) {
      said.push(text)
      setTimeout(() => utimesSync(claim, new Date(), new Date(Date.now() + 5000)), 1)
    },
  }
  await expect(
    runRegressorTraining({ given: { resume_id: 'abc' }, newRunId: 'abc' }, terminal),
  ).rejects.toThrow('run abc is being trained by process 12 on node7')
  expect(said).toEqual([expect.stringContaining('waiting for a sign of life')])
  expect(readdirSync(run).sort()).toEqual(['.training.claim-1', 'log.jsonl'])
})
