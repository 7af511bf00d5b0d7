import { existsSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import path from 'node:path'
import { parseConfigurations, QUICK_CONFIGURATION } from '../src/bench/configurations.js'
import { busyLine, productLines, taskLines } from '../src/bench/report.js'
import { runBench, type BenchResult } from '../src/bench/run-bench.js'
import type { BenchTask, Side } from '../src/bench/side-job.js'
import type { SideCommand } from '../src/bench/side-process.js'
import { chooseSides, OWN_SIDES, REFERENCE_VARIANTS } from '../src/bench/sides.js'
import { xlaFindings } from '../src/bench/xla-findings.js'
import { benchOptions } from '../src/config/bench.js'
import { defaultsOf, type ConfigOf } from '../src/config/option.js'
import { threadsAsked } from '../src/threads-asked.js'
import { UserError } from '../src/errors.js'
import { requireFolder } from '../src/files/make-folder.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { cacheFolderIfAny } from '../src/runtime/cache-folder.js'
import { rememberXla } from '../src/runtime/xla-findings.js'
import { packageRoot } from '../src/setup/package-root.js'
import { withProgress, type Terminal } from './terminal.js'

type BenchOptions = ConfigOf<typeof benchOptions>

const DEFAULT_THREADS = 2
/** Milliseconds of a side's turn. */
const TURN = 1500
const QUICK = { repetitions: 2, turn: 0, configurations: QUICK_CONFIGURATION }

/**
 * Measures and prints as it goes: what `bench` does.
 * @throws UserError for options that make no benchmark.
 */
export async function runBenchmark(options: BenchOptions, terminal: Terminal): Promise<void> {
  const { reference, json, profile } = options
  if (reference !== undefined && !existsSync(path.join(reference, 'improved_diffusion')))
    throw new UserError(
      `--reference ${reference} is no checkout of the original: it has no improved_diffusion`,
    )
  if (options.quick && options.configurations !== defaultsOf(benchOptions).configurations)
    throw new UserError('--quick measures a network of its own: leave out --configurations')
  if (json !== undefined && !existsSync(path.dirname(path.resolve(json))))
    throw new UserError(`--json ${json}: the folder it belongs in does not exist`)
  if (profile !== undefined) requireFolder(profile)
  const size = { ...options, turn: TURN, ...(options.quick && QUICK) }
  const threads = options.threads ?? threadsAsked() ?? DEFAULT_THREADS
  const sides = [
    ...chooseSides('sides', options.sides, OWN_SIDES),
    ...(reference === undefined
      ? []
      : chooseSides('reference_variants', options.reference_variants, REFERENCE_VARIANTS)),
  ]
  const busy = busyLine(loadavg()[0] ?? 0, availableParallelism())
  if (busy !== undefined) terminal.log(busy)
  const result = await withProgress(terminal, 'measuring', (onProgress) =>
    runBench({
      configurations: parseConfigurations(size.configurations),
      tasks: parseTasks(options.tasks),
      sides,
      commandOf: (side) => sideCommand(side, options, threads),
      repetitions: size.repetitions,
      turn: size.turn,
      threads,
      profiles: profile,
      signal: terminal.signal,
      onProgress,
      onProducts: (products) => productLines(products, threads).forEach((line) => terminal.log(line)),
      onTask: (task, products) => terminal.log(`\n${taskLines(task, products).join('\n')}`),
    }),
  )
  if (!options.quick) rememberFindings(result, terminal)
  if (json === undefined) return
  writeFileAtomic(json, `${JSON.stringify(result, undefined, 2)}\n`)
  terminal.log(`\nall numbers are in ${json}`)
}

/** Lets `--xla auto` profit from what was measured, where there is a cache folder. */
function rememberFindings(result: BenchResult, terminal: Terminal): void {
  const cache = cacheFolderIfAny()
  if (cache === undefined) return
  for (const finding of xlaFindings(result)) {
    rememberXla(cache, finding)
    const { device, precision, pays } = finding
    terminal.log(`\n--xla auto from now on means ${pays ? 'on' : 'off'} for ${precision} on ${device}`)
  }
}

function parseTasks(list: string): readonly BenchTask[] {
  return list.split(',').map((word) => {
    const task = word.trim()
    if (task === 'train' || task === 'sample') return task
    throw new UserError(`--tasks takes train, sample or both with a comma, not ${JSON.stringify(word)}`)
  })
}

function sideCommand(side: Side, { reference = '', python }: BenchOptions, threads: number): SideCommand {
  const number = String(threads)
  if (side.program === 'own') {
    const script = path.join(import.meta.dirname, 'bench-side.js')
    return { words: [process.execPath, ...process.execArgv, script], env: { FDM_THREADS: number } }
  }
  const script = path.join(packageRoot(), 'bench/reference_side.py')
  return {
    words: [python, script, path.resolve(reference)],
    env: { OMP_NUM_THREADS: number, MKL_NUM_THREADS: number },
  }
}
