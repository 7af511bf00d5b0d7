import { benchOptions } from '../../src/config/bench.js'
import { defineCommand } from '../command.js'

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure how fast training and sampling are here, and how much memory they take',
  options: benchOptions,
  examples: [
    'bench',
    'bench --quick',
    'bench --configurations 64px-64c-1b-B1-T10 --tasks train --sides compiled,checkpointed',
    'bench --reference ../original --python ../venv/bin/python --reference_variants float32,bf16,compile',
  ],
  async run(options, terminal) {
    const { runBenchmark } = await import('../run-benchmark.js')
    await runBenchmark(options, terminal)
  },
})
