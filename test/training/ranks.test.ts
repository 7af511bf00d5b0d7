import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { freePort } from '../../src/ranks/meet.js'
import { notAsTheFirst } from '../../src/runtime/differing-ranks.js'
import { startRuntime } from '../../src/runtime/start.js'
import { readCheckpointFile } from '../../src/torch-file/index.js'
import { ownBinding } from '../helpers/own-binding.js'
import type { RankTask } from './rank-run.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-ranks-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Seconds without an answer after which a rank is lost, in these tests. */
const RANK_TIMEOUT = 5

/** For busy machines: two processes start, and wait for each other. */
const LONG = { timeout: 600_000 }

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Two ranks that do something together, each with what it says. */
async function startPair(tasks: readonly RankTask[]) {
  const world = { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await freePort()) }
  return [0, 1].map((rank) => startProcess(tasks, { ...world, FDM_THREADS: '1', RANK: String(rank) }))
}

/** The same in one process on its own. */
async function alone(tasks: readonly RankTask[]): Promise<readonly unknown[]> {
  const { end, lines } = startProcess(tasks, {})
  expect(await end).toMatchObject({ status: 0 })
  return lines()
}

function startProcess(tasks: readonly RankTask[], place: Readonly<Record<string, string>>) {
  const [loader, script] = ['../helpers/typescript-loader.js', './rank-run.ts'].map(pathOf)
  const child = spawn(process.execPath, ['--import', `${loader}`, `${script}`], {
    env: {
      ...process.env,
      // That is what TensorFlow was told in this process, if it has started; ranks say less.
      TF_CPP_MIN_LOG_LEVEL: undefined,
      ...{ FDM_RANK_TIMEOUT: String(RANK_TIMEOUT), FDM_RANK_RUN: JSON.stringify({ root, tasks }) },
      ...place,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  const end = (once(child, 'close') as Promise<[number | null]>).then(([status]) => ({ status, stderr }))
  /** Resolves when the process has said that, or has ended. */
  const said = async (what: string) => {
    while (!stdout.includes(what) && child.exitCode === null)
      await Promise.race([once(child.stdout, 'data'), end])
  }
  const lines = () => stdout.trim().split('\n').filter((line) => /^["[]/.test(line)).map((line) => JSON.parse(line) as unknown) // prettier-ignore
  return { child, end, said, lines }
}

describe.runIf(ownBinding)('two ranks', () => {
  it('train as one does with twice the batch, resume to the bit, and end when one hangs', LONG, async () => {
    const options = { ema_rate: '0.9' }
    const [first, second] = await startPair([
      { name: 'train', runId: 'two', config: { ...options, max_steps: 3 } },
      { name: 'copy', from: 'two', to: 'resumed', step: 2 },
      { name: 'train', runId: 'resumed', config: { ...options, max_steps: 1000, resume_id: 'resumed' } },
    ])
    if (!first || !second) throw new Error('no ranks')
    await alone([{ name: 'train', runId: 'one', config: { ...options, max_steps: 2, batch_size: 2 } }])
    await first.said('resumed saved 3')
    second.child.kill('SIGSTOP')
    const { status, stderr } = await first.end
    second.child.kill('SIGKILL')
    expect(stderr).toMatch(/^error: rank 1 \(127\.0\.0\.1:\d+\) is lost: it does not answer$/m)
    expect(status).toBe(1)

    for (const file of ['model000002.pt', 'ema_0.9_000002.pt']) {
      const [a, b] = [weightsOf('one', file), weightsOf('two', file)]
      // AdamW's first steps are as large as lr whatever a gradient's size: where that is 0, rounding decides.
      const differences = a.map((value, i) => Math.abs(value - (b[i] ?? NaN))).sort((x, y) => x - y)
      expect(differences[Math.floor(0.95 * a.length)]).toBeLessThan(1e-5)
    }
    const [one, two] = [linesOf('one'), linesOf('two')]
    one.forEach((line, i) => {
      expect(Object.keys(two[i] ?? {})).toEqual(Object.keys(line))
      for (const [name, value] of Object.entries(line))
        expect(Math.abs((two[i]?.[name] ?? NaN) - value), name).toBeLessThanOrEqual(1e-3 * Math.abs(value))
    })
    for (const file of ['model000003.pt', 'ema_0.9_000003.pt'])
      expect(weightsOf('resumed', file)).toEqual(weightsOf('two', file))

    // One goes on alone, with what was saved last.
    const last = readdirSync(path.join(root, 'resumed')).filter((name) => name.startsWith('model')).sort().at(-1) // prettier-ignore
    const step = Number(/\d+/.exec(last ?? '')?.[0])
    const config = { resume_id: 'resumed', max_steps: step + 1 }
    expect(await alone([{ name: 'train', runId: 'unused', config }])).toContain(`unused saved ${step + 1}`)
    expect(readdirSync(path.join(root, 'resumed'))).toContain(`model${String(step + 1).padStart(6, '0')}.pt`)
  })

  it(
    'have the numbers of one with twice the batch to rounding, and end when one is killed',
    LONG,
    async () => {
      const [first, second] = await startPair([
        { name: 'train', runId: 'vain', config: { max_steps: 3 }, savesInVain: [1, 3, 4, 5, 6] },
        { name: 'tiny', batchSize: 1, steps: 6 },
        { name: 'videos' },
        { name: 'tiny', batchSize: 1, steps: 1_000_000 },
      ])
      if (!first || !second) throw new Error('no ranks')
      const one = (await alone([{ name: 'tiny', batchSize: 2, steps: 6 }])) as number[][]
      await first.said('that rank 0 reads')
      const together = first.lines().slice(2, 4) as number[][]
      // A save that waits keeps them in step; one that fails in the end is told by all, and is no lost rank.
      const models = readdirSync(path.join(root, 'vain')).filter((name) => name.startsWith('model'))
      expect(models).toEqual(['model000002.pt'])
      expect(first.lines()[0]).toBe('vain saved 2')
      expect([first.lines()[1], second.lines()[0]]).toMatchObject([
        [expect.stringMatching(/step 3 is not saved: could not write .*model000003\.pt: the disk is full$/)],
        [expect.stringMatching(/rank 0 could not save step 3$/)],
      ])
      together.forEach((numbers, i) => {
        expect(numbers).toHaveLength(one[i]?.length ?? 0)
        numbers.forEach((number, j) => expect(Math.abs(number - (one[i]?.[j] ?? NaN))).toBeLessThan(2e-6))
      })
      expect(first.lines()[4]).toMatchObject([
        expect.stringMatching(/rank 1 does not read the videos that rank 0 reads/),
      ])
      second.child.kill('SIGKILL')
      const { status, stderr } = await first.end
      expect(stderr).toMatch(/^error: rank 1 \(127\.0\.0\.1:\d+\) is lost: /m)
      expect(status).toBe(1)
    },
  )
})

describe('ranks', () => {
  it('that differ from the first are found', () => {
    expect(notAsTheFirst([[1, 2], [1, 2], [1, 3], [1, 2], [0, 2]])).toEqual([2, 4]) // prettier-ignore
    expect(notAsTheFirst([[1], [1]])).toEqual([])
    expect(notAsTheFirst([[1], [NaN]])).toEqual([1])
  })

  it('need TensorFlow', async () => {
    const cluster = { tasks: ['127.0.0.1:1', '127.0.0.1:2'], rank: 0 }
    await expect(startRuntime({ backend: 'wasm', cluster })).rejects.toThrow(
      /several ranks need the TensorFlow that "npx fdm setup" provides/,
    )
  })
})

function weightsOf(runId: string, file: string): readonly number[] {
  const { stateDict } = readCheckpointFile(path.join(root, runId, file))
  return [...stateDict.values()].flatMap((tensor) => [...tensor.toFloat32()])
}

function linesOf(runId: string): Readonly<Record<string, number>>[] {
  const text = readFileSync(path.join(root, runId, 'log.jsonl'), 'utf8').trimEnd()
  // All but its name are numbers.
  const named = text.replace(`"run_id":"${runId}",`, '')
  return named.split('\n').map((line) => JSON.parse(line) as Record<string, number>)
}
