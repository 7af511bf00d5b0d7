import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { runBenchmark } from '../../scripts/run-benchmark.js'
import type { BenchResult } from '../../src/bench/run-bench.js'
import { benchOptions } from '../../src/config/bench.js'
import { defaultsOf } from '../../src/config/option.js'
import { availableBackends } from '../helpers/backends.js'

const silent = { update: () => undefined, clear: () => undefined, stop: () => undefined }

function terminal(lines: string[], signal = new AbortController().signal) {
  return { signal, log: (line: string) => void lines.push(...line.split('\n')), progress: () => silent }
}

const quick = { ...defaultsOf(benchOptions), quick: true, tasks: 'sample' }

it('measures what can be measured here, and says what cannot', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-bench-'))
  const json = path.join(folder, 'numbers.json')
  mkdirSync(path.join(folder, 'improved_diffusion'))
  const lines: string[] = []
  const onTensorflow = availableBackends().includes('tensorflow')
  const sides = onTensorflow ? 'compiled' : 'wasm'
  try {
    await runBenchmark(
      { ...quick, sides, reference: folder, python: 'no-such-python', json, profile: folder },
      terminal(lines),
    )
    const { products, tasks } = JSON.parse(readFileSync(json, 'utf8')) as BenchResult
    expect(products[0]?.gflops).toBeGreaterThan(0)
    expect(tasks).toHaveLength(1)
    const [own, original] = tasks[0]?.sides ?? []
    expect(own?.side.name).toBe(sides)
    expect(own?.rounds).toHaveLength(2)
    expect(own?.rounds.flat().every((milliseconds) => milliseconds > 0)).toBe(true)
    // The network's 2 million parameters at least.
    expect(own?.memory).toBeGreaterThan(8e6)
    expect(original?.failure).toMatch(/no-such-python/)
    const title = lines.findIndex((line) => line.startsWith('32px-32c-1b-B1-T2, sampling step: 2.1 million'))
    expect(title).toBeGreaterThan(-1)
    // The last row of the table that follows.
    expect(lines[title + 4]).toMatch(/original bf16 +does not work: .*no-such-python/)
    if (onTensorflow) checkProfile(folder, lines)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Steps were profiled, and what they computed is shown. */
function checkProfile(folder: string, lines: readonly string[]): void {
  const run = path.join(folder, 'plugins/profile/32px-32c-1b-B1-T2-sample-compiled')
  const [file = ''] = readdirSync(run)
  expect(file).toMatch(/\.xplane\.pb$/)
  expect(lines).toContain(`compiled, what it computes, of 3 steps (${path.join(run, file)}):`)
  // A norm in each of many blocks, in each step.
  const found = lines.map((line) => /^ +(?:FdmGroupNorm|Rsqrt) .* (\d+)$/.exec(line)?.[1])
  expect(Number(found.find((count) => count !== undefined))).toBeGreaterThan(20)
}

it('refuses a checkout without the original', async () => {
  const reference = path.join(tmpdir(), 'no-such-folder')
  await expect(runBenchmark({ ...quick, reference }, terminal([]))).rejects.toThrow(
    'is no checkout of the original',
  )
})

it('stops when it is told to, and leaves no process behind', async () => {
  const abort = new AbortController()
  const running = runBenchmark({ ...quick, sides: 'wasm' }, terminal([], abort.signal))
  setTimeout(() => abort.abort(), 300)
  await expect(running).rejects.toThrow()
})

it.each([
  [{ configurations: '64px-32c-1b-B1-T5' }, '--quick measures a network of its own'],
  [
    { json: path.join(tmpdir(), 'no-such-folder', 'numbers.json') },
    'the folder it belongs in does not exist',
  ],
  [{ profile: '/dev/null/profiles' }, 'could not write to /dev/null/profiles'],
])('refuses %j before anything is measured', async (options, message) => {
  await expect(runBenchmark({ ...quick, ...options }, terminal([]))).rejects.toThrow(message)
})
