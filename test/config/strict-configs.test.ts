import { expect, it } from 'vitest'
import { resolveModelConfig, resolveTrainConfig, UserError } from '../../src/index.js'

/** As a checkpoint of the original has it, with options that this program does not have. */
const saved = {
  ...resolveTrainConfig({ num_channels: 64 }),
  image_size: 64,
  enforce_position_invariance: false,
}

it.each([
  [{ batchsize: 2 }, 'resolveTrainConfig: there is no option "batchsize"; did you mean batch_size?'],
  [{ numChannels: 32 }, 'resolveTrainConfig: there is no option "numChannels"; did you mean num_channels?'],
  [{ learning: 1 }, 'resolveTrainConfig: there is no option "learning"; leave it out'],
  [{ max_step: 1 }, 'resolveTrainConfig: there is no option "max_step"; did you mean max_steps?'],
  [{ ...saved, 'batch-size': 2 }, 'resolveTrainConfig: there is no option "batch-size"; did you mean batch_size?'], // prettier-ignore
  [{ toString: 1 }, 'resolveTrainConfig: there is no option "toString"; leave it out'],
])('names the option that %o has not', (values, message) => {
  // The compiler would refuse them: see public-types.test.ts.
  expect(() => resolveTrainConfig(values as object)).toThrow(new UserError(message))
})

it('says which of the functions it is', () => {
  expect(() => resolveModelConfig({ image_sise: 32 } as object)).toThrow(
    'resolveModelConfig: there is no option "image_sise"; did you mean image_size?',
  )
})

it('takes whole configs of checkpoints, and options of training for a model', () => {
  expect(resolveModelConfig({ ...saved, timestep_respacing: '20' })).toMatchObject({
    num_channels: 64,
    timestep_respacing: '20',
  })
  expect(resolveTrainConfig({ ...saved, max_steps: 5 })).toEqual({
    ...resolveTrainConfig({ num_channels: 64, image_size: 64 }),
    max_steps: 5,
  })
  const more = { image_size: 32, max_frames: 8, batch_size: 2 }
  expect(resolveModelConfig(more)).toMatchObject({
    image_size: 32,
  })
})
