import { expect, it } from 'vitest'
import { absentAttentionSizes } from '../../src/config/attention-sizes.js'
import { fillModelConfig } from '../../src/config/model.js'
import { UserError } from '../../src/errors.js'
import { architecture } from '../../src/model/architecture.js'

const config = (image_size: number, attention_resolutions: string) =>
  fillModelConfig({ image_size, attention_resolutions })

it.each([32, 64, 128, 256])('names the sizes at which nothing attends: frames of %i pixels', (size) => {
  expect(absentAttentionSizes(config(size, '16,8'))).toEqual([])
  expect(absentAttentionSizes(config(size, '16,2,1'))).toEqual([2, 1])
  // The network agrees: only the middle attends, as it always does.
  const { inputBlocks, outputBlocks } = architecture(config(size, '2,1'))
  expect([...inputBlocks, ...outputBlocks].flat().filter(({ kind }) => kind === 'attention')).toEqual([])
})

it.each(['5', '16,20', '64'])('refuses what no frame of 32 pixels is scaled to: %s', (sizes) => {
  expect(() => absentAttentionSizes(config(32, sizes))).toThrow(UserError)
  expect(() => absentAttentionSizes(config(32, sizes))).toThrow(/those of this network are 32, 16, 8, 4$/)
})
