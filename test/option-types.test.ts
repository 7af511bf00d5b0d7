import { expect, it } from 'vitest'
import { checkPrograms } from './helpers/check-programs.js'

const IMPORTS = `import {
  createDiffusion, loadCheckpoint, resolveModelConfig, resolveTrainConfig,
} from 'flexible-video-diffusion'
declare const read: Readonly<Record<string, unknown>>
const trained = resolveTrainConfig({ max_frames: 8, lr: 1e-3, noise_schedule: 'cosine', T: undefined })
const { config } = loadCheckpoint('model.pt')
`

const right = [
  'resolveModelConfig({})',
  "resolveModelConfig({ image_size: 32, timestep_respacing: '20' })",
  "resolveModelConfig({ ...config, timestep_respacing: '20' })",
  'resolveModelConfig(config)',
  "createDiffusion({ ...config, timestep_respacing: '20' })",
  'resolveModelConfig(trained)',
  'resolveModelConfig({ ...trained, image_size: 32 })',
  'resolveTrainConfig({ ...config, max_steps: 5 })',
  'resolveModelConfig(read)',
  'resolveTrainConfig(read)',
  "resolveTrainConfig(JSON.parse('{}'))",
  'export const more: unknown = config.max_frames',
]

const wrong: readonly (readonly [string, RegExp])[] = [
  ['resolveTrainConfig({ num_chanels: 32 })', /'num_chanels' does not exist .* 'num_channels'\?/],
  ['resolveTrainConfig({ batchSize: 2 })', /'batchSize' does not exist/],
  ["resolveTrainConfig({ lr: '1e-3' })", /'string' is not assignable to type 'number'/],
  ["resolveTrainConfig({ xla: 'yes' })", /'"yes"' is not assignable to type '"auto" | "on" | "off"/],
  ["resolveModelConfig({ num_channels: '32' })", /'string' is not assignable to type 'number'/],
  ['resolveModelConfig({ image_sise: 32 })', /'image_sise' does not exist .* 'image_size'\?/],
  ['resolveModelConfig({ lr: 1e-3 })', /'lr' does not exist/],
  [
    'resolveModelConfig({ ...config, timestep_respacing: 20 })',
    /'number' is not assignable to type 'string'/,
  ],
  ['resolveModelConfig({ ...config, timestep_respacin: 20 })', /'timestep_respacin' does not exist/],
]

it('the compiler finds names that no option has, and values of other types', { timeout: 120_000 }, () => {
  const programs = [right, wrong.map(([line]) => line)].map((lines) => IMPORTS + lines.join('\n'))
  const found = checkPrograms({ 'test/right.ts': programs[0] ?? '', 'test/wrong.ts': programs[1] ?? '' })
  expect(found['test/right.ts']).toEqual([])
  const first = IMPORTS.split('\n').length
  expect(found['test/wrong.ts']).toEqual(
    wrong.map(([, message], i): unknown =>
      expect.stringMatching(new RegExp(`^${first + i}: .*${message.source}`)),
    ),
  )
})
