import { readFileSync } from 'node:fs'
import vm from 'node:vm'
import ts from 'typescript'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'
import { checkPrograms } from './helpers/check-programs.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program = '']) => program)

/** As a program's file: what is a file of `src/schemes` there is imported from the package. */
const ofProgram = (program: string) => program.replaceAll(/'\.\/[\w-]+\.js'/g, "'flexible-video-diffusion'")

it("README's programs import what the package exports", () => {
  const lists = [...readme.matchAll(/import \{([^}]*)\} from 'flexible-video-diffusion'/g)]
  const names = lists.flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
  const values = names.filter((name) => name !== '' && !name.startsWith('type '))
  expect(values).toContain('sampleVideo')
  for (const name of values) expect(api).toHaveProperty(name)
})

it(
  "README's programs compile, the scheme both as a file of src/schemes and as a program of its own",
  { timeout: 120_000 },
  () => {
    expect(programs.length).toBeGreaterThan(2)
    const files: Record<string, string> = {}
    for (const [i, program] of programs.entries()) {
      files[`test/readme-${i}.ts`] = ofProgram(program)
      if (program.includes("'./")) files[`src/schemes/readme-${i}.ts`] = program
    }
    const found = checkPrograms(files)
    expect(found).toEqual(Object.fromEntries(Object.keys(files).map((name) => [name, []])))
  },
)

it("README's scheme plans what it says", () => {
  const program = programs.find((text) => text.includes('fixedScheme(')) ?? ''
  const { outputText } = ts.transpileModule(ofProgram(program), {
    compilerOptions: { module: ts.ModuleKind.CommonJS },
  })
  const exports: { oneByOne?: api.SamplingScheme } = {}
  const run = vm.runInThisContext(`(function (require, exports) {${outputText}\n})`) as (
    require: () => typeof api,
    made: object,
  ) => void
  run(() => api, exports)
  const { oneByOne } = exports
  expect(
    oneByOne && api.planVideo(oneByOne, { videoLength: 5, observed: 2, maxFrames: 3, stepSize: 1 }),
  ).toEqual([
    { observed: [0, 1], latent: [2] },
    { observed: [1, 2], latent: [3] },
    { observed: [2, 3], latent: [4] },
  ])
})
