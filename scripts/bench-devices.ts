import { availableParallelism, loadavg } from 'node:os'
import { parseConfigurations } from '../src/bench/configurations.js'
import { processorTime } from '../src/bench/processor-time.js'
import { measureSteps, measureSums, type Clock, type Spent } from '../src/bench/ranks.js'
import { parameterCount } from '../src/model/parameters.js'
import { launchedRank } from '../src/ranks/launcher.js'
import { stopWatchingRanks } from '../src/runtime/rank-group.js'
import { startRuntime } from '../src/runtime/start.js'
import { joinRanks, visibleCards } from './join-ranks.js'
import { main } from './main.js'
import { endWithParent, superviseRanks } from './supervise-ranks.js'

// What training on two devices of this machine costs: printed as in docs/devices.md. The first configuration
// is the demo's, the second has four times its parameters.

const CONFIGURATIONS = process.argv[2] ?? '32px-32c-1b-B2-T8,32px-64c-1b-B2-T8'
const ROUNDS = Number(process.argv[3] ?? 5)
const STEPS = 2
const RANKS = 2
/** Floats in a sum. */
const SIZES = [1, 250_000, 1_000_000, 4_000_000, 16_000_000]

const clock: Clock = () => ({ wall: performance.now(), processor: processorTime() })

const ms = (value: number) => value.toPrecision(3)
const both = ({ wall, processor }: Spent) => `${ms(wall)} / ${ms(processor)}`

await main(async (terminal) => {
  const place = launchedRank(process.env)
  if (!place) {
    const words = process.argv.slice(2)
    terminal.log(`load of this machine's ${availableParallelism()} cores: ${(loadavg()[0] ?? 0).toFixed(1)}`)
    return superviseRanks({ devices: RANKS, words, cards: visibleCards() }, terminal)
  }
  endWithParent()
  const log = (line: string) => {
    if (place.rank === 0) terminal.log(line)
  }
  const { group, runtime, ready } = await joinRanks(place, 0, terminal.signal)
  const { description } = await startRuntime({ backend: 'tensorflow', xla: 'off', ...runtime })
  await ready()
  log(`${description}; ${group.size} ranks. Milliseconds passed / of a rank's processor time, medians\n`)
  log('| floats in a sum | milliseconds | nanoseconds a byte |\n| --- | --- | --- |')
  const sums = await measureSums(group, SIZES, { times: 9, clock })
  const perByte = (i: number) => (1e6 * (sums[i]?.wall ?? NaN)) / (4 * (SIZES[i] ?? NaN))
  SIZES.forEach((size, i) => {
    const time = sums[i]
    if (time) log(`| ${size} | ${both(time)} | ${size > 1 ? perByte(i).toPrecision(2) : ''} |`)
  })
  const cost = perByte(SIZES.length - 1)
  log('\n| steps | parameters | one rank alone | two, each for itself | two together | waiting for the sum |')
  log('| --- | --- | --- | --- | --- | --- |')
  for (const configuration of parseConfigurations(CONFIGURATIONS)) {
    const { single, apart, together } = await measureSteps(group, configuration, {
      rounds: ROUNDS,
      steps: STEPS,
      clock,
    })
    const parameters = parameterCount(configuration.model)
    const share = (kind: keyof Spent) => `${(100 * (1 - apart[kind] / together[kind])).toFixed(0)} %`
    log(
      `| ${configuration.name} | ${(parameters / 1e6).toFixed(1)} million | ${both(single)} | ${both(apart)} ` +
        `| ${both(together)} | ${share('wall')} / ${share('processor')} |`,
    )
    // In a ring of R each byte goes 2 (R - 1) / R times over each connection: once with two ranks.
    const bytes = 4 * parameters
    for (const ranks of [2, 8, 64])
      log(
        `  its sum by itself, on paper with ${cost.toPrecision(2)} ns a byte: ${ranks} ranks ` +
          `${ms((((2 * (ranks - 1)) / ranks) * bytes * cost) / 1e6)} ms`,
      )
  }
  stopWatchingRanks()
})
