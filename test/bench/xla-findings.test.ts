import { expect, it } from 'vitest'
import type { SideResult } from '../../src/bench/measure-task.js'
import { OWN_SIDES } from '../../src/bench/sides.js'
import { xlaFindings } from '../../src/bench/xla-findings.js'
import type { Precision } from '../../src/runtime/compile-settings.js'

/** Of a task in which sides took so many milliseconds; NaN: they failed. */
function result(task: 'train' | 'sample', times: Readonly<Record<string, number>>) {
  const sides = OWN_SIDES.filter(({ name }) => name in times).map((side): SideResult => {
    const milliseconds = times[side.name] ?? NaN
    const measured = Number.isNaN(milliseconds)
      ? { rounds: [], failure: 'it does not compile' }
      : { rounds: [[milliseconds], [2 * milliseconds]] }
    return { side, memory: null, deviceMemory: null, ...measured }
  })
  return { configuration: '', task, frames: 1, flops: 1, parameters: 1, sides } as const
}

const product = (side: string, precision: Precision) =>
  ({ side, software: '', tensorflow: '2.21.0', device: 'a card', precision, gflops: 1 }) as const

/** Times of training, and of sampling if they differ. */
type Times = readonly [train: Readonly<Record<string, number>>, sample?: Readonly<Record<string, number>>]

function findings([train, sample = train]: Times, ...products: ReturnType<typeof product>[]) {
  const tasks = [result('train', train), result('sample', sample)]
  return xlaFindings({ threads: 2, repetitions: 2, products, tasks })
}

it.each<[string, Times, boolean[]]>([
  ['faster', [{ eager: 9, compiled: 4, xla: 3 }], [true]],
  ['not faster enough', [{ eager: 9, compiled: 4, xla: 3.9 }], [false]],
  [
    'slower in one task',
    [
      { compiled: 4, xla: 3 },
      { compiled: 4, xla: 5 },
    ],
    [false],
  ],
  [
    'failing in one task',
    [
      { compiled: 4, xla: 3 },
      { compiled: 4, xla: NaN },
    ],
    [false],
  ],
  ['not measured', [{ eager: 9, compiled: 4 }], []],
  ['measured in one task', [{ compiled: 4, xla: 3 }, { compiled: 4 }], []],
  ['alone', [{ eager: 9, xla: 4 }], []],
])('finds XLA %s', (_, times, expected) => {
  const found = findings(times, product('eager' in times[0] ? 'eager' : 'compiled', 'fp32'))
  expect(found.map(({ pays }) => pays)).toEqual(expected)
})

it('compares within a precision', () => {
  const times = { compiled: 4, tf32: 4, bf16: 2, xla: 3, 'xla-tf32': 4, 'xla-bf16': 3 }
  const setting = { device: 'a card', tensorflow: '2.21.0' }
  const products = [product('compiled', 'fp32'), product('tf32', 'tf32'), product('bf16', 'bf16')]
  expect(findings([times], ...products)).toEqual([
    { ...setting, precision: 'fp32', pays: true },
    { ...setting, precision: 'tf32', pays: false },
    { ...setting, precision: 'bf16', pays: false },
  ])
})
