import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { UserError } from '../../src/errors.js'
import { createModel } from '../../src/model/video-model.js'

it('says what to call first', () => {
  const config = fillModelConfig({ image_size: 32 })
  expect(() => createModel(config)).toThrow(UserError)
  expect(() => createModel(config)).toThrow('there is nothing to compute on yet: call startRuntime first')
})
