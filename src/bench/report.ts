import { counted } from '../counted.js'
import { median } from '../median.js'
import type { ProductResult } from './measure-products.js'
import { sideName, type SideResult, type TaskResult } from './measure-task.js'
import { pairedRatio } from './paired-ratio.js'

/** What the sides ran on: a line each. */
export function productLines(products: readonly ProductResult[], threads: number): readonly string[] {
  return products.map(
    ({ side, software, device, precision, gflops }) =>
      `${side}: ${software} on ${device}, ${counted(threads, 'thread')}; ` +
      `best matrix product ${gflops.toFixed(0)} GFLOP/s in ${precision}`,
  )
}

/**
 * A task's table. Ratios to the original are paired: see `pairedRatio`. Below 1 is faster than it.
 * @param products whose best one, by precision, speeds are held against
 */
export function taskLines(result: TaskResult, products: readonly ProductResult[]): readonly string[] {
  const { configuration, task, flops, parameters, sides } = result
  const originals = sides.filter(({ side, rounds }) => side.program === 'original' && rounds.length > 0)
  const plain = originals.find(({ side }) => side.name === 'float32')
  const best = originals.toSorted((a, b) => median(a.rounds.flat()) - median(b.rounds.flat()))[0]
  const rows = sides.map((measured) => row(measured, { result, products, plain, best }))
  const title =
    `${configuration}, ${task === 'train' ? 'training' : 'sampling'} step: ` +
    `${(parameters / 1e6).toFixed(1)} million parameters, ${(flops / 1e9).toFixed(1)} GFLOP`
  return [title, ...table([HEADINGS, ...rows]), ...sides.flatMap(profileLines)]
}

/** Where the time of a side's steps went, by type of operation. */
function profileLines({ side, profile }: SideResult): readonly string[] {
  if (!profile) return []
  const title = `\n${sideName(side)}, what it computes`
  if ('failure' in profile) return [`${title}: not known: ${profile.failure}`]
  const { operations, steps, file } = profile
  const sum = operations.reduce((total, { milliseconds: ms }) => total + ms, 0)
  const shown = operations.filter(({ milliseconds: ms }) => ms >= SMALLEST_SHARE * sum)
  const others = operations.slice(shown.length)
  const rest = {
    type: `${others.length} others`,
    count: others.reduce((total, { count }) => total + count, 0),
    milliseconds: others.reduce((total, { milliseconds: ms }) => total + ms, 0),
  }
  const rows = [...shown, ...(others.length > 0 ? [rest] : [])].map(({ type, count, milliseconds: ms }) => [
    type,
    milliseconds(ms / steps),
    `${((100 * ms) / sum).toFixed(1)} %`,
    (count / steps).toFixed(0),
  ])
  return [
    `${title}, of ${counted(steps, 'step')} (${file}):`,
    ...table([['operation', 'ms a step', 'share', 'times a step'], ...rows]),
  ]
}

/** Operations with less are put together. */
const SMALLEST_SHARE = 0.005

/** A warning if other programs keep the processor busy. @param load processes that want to run, on average */
export function busyLine(load: number, cores: number): string | undefined {
  if (load < cores / 2) return undefined
  return `other programs are at work here (load ${load.toFixed(1)} on ${cores} cores): expect times that are too long`
}

const HEADINGS = [
  'side',
  'ms',
  'min',
  'max',
  'frames/s',
  'GFLOP/s',
  'of best',
  'memory',
  'on GPU',
  '/ original',
  '/ its best',
] as const

interface Context {
  readonly result: TaskResult
  readonly products: readonly ProductResult[]
  readonly plain: SideResult | undefined
  readonly best: SideResult | undefined
}

function row(measured: SideResult, { result, products, plain, best }: Context): readonly string[] {
  const { side, rounds, memory, deviceMemory, failure } = measured
  const name = sideName(side)
  if (failure !== undefined) return [name, `does not work: ${failure}`]
  const times = rounds.flat()
  const middle = median(times)
  const gflops = result.flops / middle / 1e6
  const reachable = products
    .filter(({ precision }) => precision === side.precision)
    .map((product) => product.gflops)
  const ratio = (other: SideResult | undefined) =>
    other && other !== measured ? pairedRatio(rounds, other.rounds).toFixed(2) : '-'
  return [
    name,
    milliseconds(middle),
    milliseconds(Math.min(...times)),
    milliseconds(Math.max(...times)),
    ((1000 * result.frames) / middle).toPrecision(3),
    gflops.toFixed(0),
    reachable.length > 0 ? `${((100 * gflops) / Math.max(...reachable)).toFixed(0)} %` : '-',
    megabytes(memory),
    megabytes(deviceMemory),
    ratio(plain),
    side.program === 'own' ? ratio(best) : '-',
  ]
}

const milliseconds = (value: number) => (value < 100 ? value.toPrecision(3) : value.toFixed(0))
const megabytes = (bytes: number | null) => (bytes === null ? '-' : `${(bytes / 1e6).toFixed(0)} MB`)

/**
 * Columns side by side, the first to the left, numbers to the right; those that say nothing are left out. Rows
 * of two are a name and a sentence.
 */
function table([headings, ...rows]: readonly [readonly string[], ...(readonly string[])[]]): string[] {
  const full = rows.filter((row) => row.length > 2)
  const columns = [...headings.keys()].filter((c) => c === 0 || full.some((row) => row[c] !== '-'))
  const cell = (row: readonly string[], c: number) => row[c] ?? ''
  const width = (c: number) =>
    Math.max(...[headings, ...(c === 0 ? rows : full)].map((row) => cell(row, c).length))
  return [headings, ...rows].map((row) => {
    const name = cell(row, 0).padEnd(width(0))
    const others = columns.slice(1).map((c) => cell(row, c).padStart(width(c)))
    return ['', name, ...(row.length > 2 ? others : row.slice(1))].join('  ')
  })
}
