import { reportOptions } from '../../src/config/report.js'
import { defineCommand } from '../command.js'

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'put what was measured, curves and samples of runs on one page of HTML',
  options: reportOptions,
  required: ['eval_dir'],
  examples: [
    'report --eval_dir results/k2xw81qz/ema_0.9999_050000/autoreg_8_4_100_36',
    'report --eval_dir results/1v1myd4b/ema/autoreg_20_10_1000_36,results/1v1myd4b/ema/hierarchy-2_20_10_1000_36',
  ],
  async run(options, terminal) {
    const { runReport } = await import('../run-report.js')
    await runReport(options, terminal)
  },
})
