import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { architecture, type Layer } from '../../src/model/architecture.js'

const headsOf = (layers: readonly Layer[]) =>
  layers.flatMap((layer) => (layer.kind === 'attention' ? [layer.heads] : []))

it.each([
  { num_heads_upsample: -1, up: 4 },
  { num_heads_upsample: 2, up: 2 },
])('attention on the way up has heads of its own: $num_heads_upsample', ({ num_heads_upsample, up }) => {
  const config = fillModelConfig({ image_size: 64, num_res_blocks: 1, num_heads: 4, num_heads_upsample })
  const net = architecture(config)
  expect(headsOf(net.inputBlocks.flat())).toEqual([4, 4])
  expect(headsOf(net.middleBlock)).toEqual([4])
  expect(headsOf(net.outputBlocks.flat())).toEqual([up, up, up, up])
})
