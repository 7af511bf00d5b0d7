import { expect, it } from 'vitest'
import { printedConfig } from '../../scripts/print-config.js'

it('prints what is set as it would be typed, on lines that fit', () => {
  expect(
    printedConfig({ lr: 1e-4, use_kl: false, dataset: 'minerl', eval_dir: undefined, data_dir: '' }),
  ).toBe('  lr=0.0001 use_kl=False dataset=minerl')
  expect(printedConfig({ first: 1, second: 2, third: 3 }, 18)).toBe('  first=1 second=2\n  third=3')
})
