import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { networkFlops } from '../../src/model/flops.js'

// What PyTorch 2.13's FlopCounterMode counts in the original's forward pass. It leaves out a few small products.
it.each([
  { batch: 1, frames: 5, counted: 13_932_545_600 },
  { batch: 2, frames: 3, counted: 16_696_837_248 },
])('counts $batch videos of $frames frames as PyTorch does', ({ batch, frames, counted }) => {
  const config = fillModelConfig({ image_size: 64, num_channels: 32, num_res_blocks: 1 })
  expect(Math.abs(networkFlops(config, batch, frames) / counted - 1)).toBeLessThan(2e-3)
})
