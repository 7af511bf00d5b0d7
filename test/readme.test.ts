import { readFileSync } from 'node:fs'
import vm from 'node:vm'
import ts from 'typescript'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'
import { tf } from '../src/runtime/tf.js'
import { checkPrograms } from './helpers/check-programs.js'
import { countingVideos, fakeDiffusion, fakeModel, SIZE } from './sampling/fake-model.js'

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')
const programsOf = (text: string) =>
  [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program = '']) => program)
const readme = read('../README.md')
const programs = programsOf(readme)
const [ownSampler = ''] = programsOf(read('../docs/samplers.md'))

/** As a program's file: what is a file of `src/schemes` there is imported from the package. */
const ofProgram = (program: string) => program.replaceAll(/'\.\/[\w-]+\.js'/g, "'flexible-video-diffusion'")

/** Runs a program. */
function exportsOf<Exports extends object>(program: string): Partial<Exports> {
  const { outputText } = ts.transpileModule(program, { compilerOptions: { module: ts.ModuleKind.CommonJS } })
  const exports = {}
  const run = vm.runInThisContext(`(function (require, exports) {${outputText}\n})`) as (
    require: (name: string) => object,
    made: object,
  ) => void
  run((name) => (name === 'flexible-video-diffusion' ? api : tf), exports)
  return exports
}

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
    const files: Record<string, string> = { 'test/own-sampler.ts': ownSampler }
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
  const { oneByOne } = exportsOf<{ oneByOne: api.SamplingScheme }>(ofProgram(program))
  expect(
    oneByOne && api.planVideo(oneByOne, { videoLength: 5, observed: 2, maxFrames: 3, stepSize: 1 }),
  ).toEqual([
    { observed: [0, 1], latent: [2] },
    { observed: [1, 2], latent: [3] },
    { observed: [2, 3], latent: [4] },
  ])
})

it('the sampler of the documentation samples, as it walks by itself', async () => {
  await api.startRuntime({ backend: 'wasm' })
  const { averagedSampler } = exportsOf<{ averagedSampler: (schedule: api.Schedule) => api.SamplerStep }>(
    ownSampler,
  )
  const diffusion = fakeDiffusion
  const sampler = averagedSampler?.(diffusion.schedule)
  if (!sampler) throw new Error('docs/samplers.md has no averagedSampler')
  // Each guess is a tenth more than the one before; the last step ends with its own.
  let guess = 0
  const predict = (x: api.Conditioning['x0']) => tf.fill<tf.Rank.R5>(x.shape, (guess += 0.1))
  const start = tf.randomNormal<tf.Rank.R5>([1, 2, SIZE, SIZE, 3], 0, 1, 'float32', 3)
  const sample = await api.samplerOf(sampler).sample({
    denoise: diffusion.denoiser(predict, { clipDenoised: true }),
    start,
    noise: () => expect.fail('it draws none'),
  })
  expect(diffusion.numTimesteps).toBe(5)
  expect(sample.dataSync()[0]).toBeCloseTo(0.5, 6)
  const completed = await api.sampleVideo({
    ...{ model: fakeModel((_, x) => tf.tanh(x)), diffusion, sampler, observed: 2, maxFrames: 4 },
    scheme: api.findScheme('autoreg'),
    videos: countingVideos(1, 6),
  })
  expect(completed.shape).toEqual([1, 6, SIZE, SIZE, 3])
  tf.dispose([start, sample])
})
