import { expect, it } from 'vitest'
import type { SideResult, TaskResult } from '../../src/bench/measure-task.js'
import { busyLine, taskLines } from '../../src/bench/report.js'
import { OWN_SIDES, REFERENCE_VARIANTS } from '../../src/bench/sides.js'

const measured = (
  side: SideResult['side'] | undefined,
  rounds: number[][],
  rest: Partial<SideResult> = {},
) => {
  if (!side) throw new Error('there is no such side')
  return { side, rounds, memory: 250e6, deviceMemory: null, ...rest }
}
const [eager, compiled] = OWN_SIDES
const variant = (name: string) => REFERENCE_VARIANTS.find((side) => side.name === name)

const result: TaskResult = {
  configuration: '64px-32c-1b-B1-T5',
  task: 'train',
  frames: 5,
  flops: 40e9,
  parameters: 4.9e6,
  sides: [
    measured(eager, [[900, 800], [1000]]),
    measured(compiled, [[400, 420], [390]]),
    measured(variant('float32'), [[800], [780]]),
    measured(variant('bf16'), [[500], [488]], { memory: null }),
    measured(variant('compile'), [], { failure: 'no compiler was found' }),
  ],
}
const products = [{ side: 'compiled', software: '', device: '', precision: 'fp32', gflops: 200 } as const]

it('shows times, speeds and ratios of a task', () => {
  expect(`\n${taskLines(result, products).join('\n')}\n`).toBe(`
64px-32c-1b-B1-T5, training step: 4.9 million parameters, 40.0 GFLOP
  side               ms  min   max  frames/s  GFLOP/s  of best  memory  / original  / its best
  eager             900  800  1000      5.56       44     22 %  250 MB        1.17        1.87
  compiled          400  390   420      12.5      100     50 %  250 MB        0.51        0.81
  original float32  790  780   800      6.33       51     25 %  250 MB           -           -
  original bf16     494  488   500      10.1       81        -       -        0.63           -
  original compile  does not work: no compiler was found
`)
})

it('shows what the time of steps went to, and why that is not known', () => {
  const operations = [
    { type: 'FdmConvolution', count: 62, milliseconds: 600 },
    { type: 'MatMul', count: 20, milliseconds: 395 },
    { type: 'Add', count: 10, milliseconds: 3 },
    { type: 'Mul', count: 2, milliseconds: 2 },
  ]
  const profile = { file: 'profiles/vm.xplane.pb', steps: 2, operations }
  const sides = [
    measured(compiled, [[400]], { profile }),
    measured(eager, [[500]], { profile: { failure: 'no profiler' } }),
  ]
  expect(
    `${taskLines({ ...result, sides }, [])
      .slice(4)
      .join('\n')}\n`,
  ).toBe(`
compiled, what it computes, of 2 steps (profiles/vm.xplane.pb):
  operation       ms a step   share  times a step
  FdmConvolution        300  60.0 %            31
  MatMul                198  39.5 %            10
  2 others             2.50   0.5 %             6

eager, what it computes: not known: no profiler
`)
})

it('leaves out what nothing is known of', () => {
  const alone = { ...result, sides: result.sides.slice(0, 2) }
  expect(taskLines(alone, [])[1]).toMatch(/memory$/)
  expect(taskLines(alone, [])[1]).not.toContain('of best')
})

it('says that the machine is busy', () => {
  expect(busyLine(0.6, 2)).toBeUndefined()
  expect(busyLine(3.21, 2)).toContain('load 3.2 on 2 cores')
})
