import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { checkPrograms } from './helpers/check-programs.js'

const PROGRAM = `import fdm = require('flexible-video-diffusion')
const config: fdm.TrainConfig = fdm.resolveTrainConfig({ num_channels: 32 })
fdm.resolveTrainConfig({ ...config, num_chanels: 32 })
`

it(
  'programs in CommonJS are compiled with its types, also before module node20',
  { timeout: 120_000 },
  () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      readonly exports: Readonly<Record<string, { readonly require: unknown }>>
    }
    expect(manifest.exports['.']?.require).toEqual({
      types: './dist/src/commonjs.d.cts',
      default: './dist/src/commonjs.cjs',
    })
    const found = checkPrograms(
      { 'test/program.cts': PROGRAM },
      {
        module: ts.ModuleKind.Node16,
        moduleResolution: ts.ModuleResolutionKind.Node16,
        paths: { 'flexible-video-diffusion': [path.resolve('src/commonjs.cts')] },
      },
    )
    expect(found['test/program.cts']).toEqual([expect.stringMatching(/^3: .*'num_chanels' does not exist/)])
  },
)
