import { expect, it } from 'vitest'
import { parseGraphicsCards } from '../../src/runtime/devices.js'

it('reads the table of graphics cards', () => {
  expect(parseGraphicsCards('NVIDIA H200, 143771\nTesla T4, [N/A]\n\n')).toEqual([
    { name: 'NVIDIA H200', type: 'gpu', memory: 143771 * 2 ** 20 },
    { name: 'Tesla T4', type: 'gpu' },
  ])
})
