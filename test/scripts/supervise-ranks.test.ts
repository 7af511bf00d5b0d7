import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { superviseRanks } from '../../scripts/supervise-ranks.js'
import { silentTerminal, type Terminal } from '../../scripts/terminal.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-supervise-'))
afterAll(() => rmSync(folder, { recursive: true }))
let runs = 0

/** Two ranks and the process that started them, once rank 0 says something. */
async function start(how: string) {
  const [loader = '', program = ''] = ['../helpers/typescript-loader.js', './supervise-child.ts'].map(
    (file) => fileURLToPath(new URL(file, import.meta.url)),
  )
  const words = ['--import', loader, program, how, path.join(folder, `stop${runs++}`)]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stderr }))
  while (!stdout.includes('step of rank 0') && child.exitCode === null)
    await Promise.race([once(child.stdout, 'data'), ended])
  return { child, ended }
}

it('ranks that stop as they are told to end the command as the signal does', async () => {
  const { child, ended } = await start('')
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  expect(stderr).not.toContain('fdm:')
  expect(status).toBe(143)
})

it('where they could not save, it has failed', async () => {
  const { child, ended } = await start('lost')
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  expect(stderr).toMatch(/^fdm: step 7 is not saved by rank 0$/m)
  expect(stderr).toMatch(/^fdm: rank \d of 2 failed \(status 1\) when it was told to stop$/m)
  expect(status).toBe(1)
})

it('when the reader of what rank 0 says has gone, it ends as one process does', async () => {
  const { child, ended } = await start('')
  child.stdout.destroy()
  expect(await ended).toEqual({ status: 141, stderr: '' })
})

it.each([
  [2, 1, '--devices 2 is more than the one GPU there is'],
  [9, 8, '--devices 9 is more than the 8 GPUs there are'],
  [5000, 0, /^--devices 5000 is more than the \d+ cores? of this machine$/],
])('%i ranks on %i GPUs are refused before any is started', async (devices, cards, message) => {
  const terminal = silentTerminal({ signal: new AbortController().signal } as Terminal)
  await expect(superviseRanks({ devices, words: [], cards }, terminal)).rejects.toThrow(message)
})
