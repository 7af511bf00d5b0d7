import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { startRuntime } from '../../src/runtime/start.js'
import { planSampleRun } from '../../src/sampling/runs/plan-sample-run.js'
import { sampleRun } from '../../src/sampling/runs/sample-run.js'
import { sharedRun } from './shared-run.js'

const folder = mkdtempSync(path.join(tmpdir(), 'killed-'))
const program = path.join(folder, 'sampling-process.js')
const KILLS = 4
/** Milliseconds of sampling before each: all of it takes a process alone about two seconds. */
const LATEST_KILL = 400

beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
  // In one file and in JavaScript, a process starts sooner.
  await build({
    logLevel: 'error',
    build: { ssr: path.join(import.meta.dirname, 'sampling-process.ts'), outDir: folder },
  })
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts a process; `ready` once it begins to sample. */
function start(evalDir: string) {
  const child = spawn(process.execPath, [program], { env: { ...process.env, EVAL_DIR: evalDir } })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  child.stderr.on('data', (text) => (output += String(text)))
  const ready = new Promise<void>((resolve) => child.stdout.once('data', resolve))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, ready, ended, output: () => output }
}

/** Every file below a folder, in base64. */
function contents(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const named = files.map(({ parentPath, name }) => path.join(parentPath, name))
  return Object.fromEntries(
    named.map((file) => [path.relative(root, file), readFileSync(file).toString('base64')]),
  )
}

test('processes killed at random leave what an undisturbed one does, each video sampled once', async () => {
  const inputs = sharedRun(path.join(folder, 'undisturbed'))
  for await (const { isNew } of sampleRun(planSampleRun(inputs), inputs)) expect(isNew).toBe(true)

  const shared = path.join(folder, 'shared')
  const random = hostRandom('kills')
  const running = [start(shared), start(shared)]
  const outputs: string[] = []
  let atWork = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const [killed = start(shared)] = running.splice(random.integer(0, 2), 1)
    await killed.ready
    await sleep(random.integer(0, LATEST_KILL))
    killed.child.kill('SIGKILL')
    await killed.ended
    if (hasClaims(shared, killed.child.pid)) atWork++
    outputs.push(killed.output())
    running.push(start(shared))
  }
  for (const { ended, output } of running) {
    expect(await ended, output().slice(-1000)).toBe(0)
    outputs.push(output())
  }
  expect(contents(shared)).toEqual(contents(path.join(folder, 'undisturbed')))
  const sampled = outputs.join('').match(/video \d/g) ?? []
  expect(new Set(sampled).size).toBe(sampled.length)
  // Or the test shows nothing.
  expect(atWork).toBeGreaterThanOrEqual(KILLS / 2)
})

/** Whether a process has claimed videos. Meanwhile the claims of others come and go. */
function hasClaims(root: string, pid: number | undefined): boolean {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return names.some((name) => {
    try {
      return name.includes('.claim-') && readFileSync(path.join(root, name), 'utf8').includes(`"pid":${pid},`)
    } catch {
      return false
    }
  })
}
