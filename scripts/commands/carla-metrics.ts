import { drivingOptions } from '../../src/config/evaluation.js'
import { defineCommand } from '../command.js'

export const carlaMetricsCommand = defineCommand({
  name: 'carla-metrics',
  summary: 'compare the speeds of sampled drives with real ones: WD and PO',
  options: drivingOptions,
  required: ['eval_dir'],
  examples: [
    'carla-metrics --eval_dir results/1v1myd4b/ema_0.9999_550000/hierarchy-2_20_10_1000_36',
    'carla-metrics --eval_dir results/1v1myd4b/ema_0.9999_550000/hierarchy-2_20_10_1000_36 --reference true',
  ],
  async run(options, terminal) {
    const { runCarlaMetrics } = await import('../run-carla-metrics.js')
    runCarlaMetrics(options, terminal)
  },
})
