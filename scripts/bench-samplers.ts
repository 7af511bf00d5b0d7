import { processorTime } from '../src/bench/processor-time.js'
import { benchSampler, compareVideos, testWindows, type SamplerCase } from '../src/bench/samplers.js'
import { fillModelConfig } from '../src/config/model.js'
import { chosenSampler, samplerNames } from '../src/config/sampler.js'
import { elementCount } from '../src/element-count.js'
import { UserError } from '../src/errors.js'
import { startRuntime } from '../src/runtime/start.js'
import { loadCheckpoint } from '../src/training/checkpoints/load-checkpoint.js'
import { main } from './main.js'
import { openConfigDataset } from './open-dataset.js'

// Samplers and steps against quality and time: prints rows of the table in docs/samplers.md, for
// `node dist/scripts/bench-samplers.js <checkpoint> <sampler>[:<eta>]/<steps> ..` (`all` for all steps;
// `dpm++_unlimited` with --limit_extrapolation False), or with `truth` in place of a sampler the row of true videos.

/** Frames of a stage, the first of them given; test videos, and windows of each. All go together. */
const [FRAMES, OBSERVED, VIDEOS, WINDOWS] = [8, 4, 8, 1]

void main(async (terminal) => {
  const [checkpoint = '', ...asked] = process.argv.slice(2)
  const cases = asked.map((name) => (name === 'truth' ? undefined : samplerCase(name)))
  const { description } = await startRuntime()
  const { model, config } = loadCheckpoint(checkpoint)
  const dataset = await openConfigDataset(config, 'test', terminal, FRAMES)
  const take = { videos: VIDEOS, T: FRAMES }
  const videos = await testWindows(dataset, { ...take, windows: WINDOWS })
  const [batchSize] = videos.shape
  terminal.log(`${batchSize} windows of ${FRAMES} frames, ${OBSERVED} given; ${description}`)
  const row = (...cells: readonly (string | number)[]) => terminal.log(`| ${cells.join(' | ')} |`)
  const setup = { model, config: fillModelConfig(config), videos, observed: OBSERVED, batchSize }
  for (const [i, which] of cases.entries()) {
    if (!which) {
      // As many other windows of the same drives: how far apart true frames are.
      const others = inBetween(await testWindows(dataset, { ...take, windows: 2 * WINDOWS + 1 }))
      row('other true frames', '', '', '', compareVideos(others, videos, OBSERVED).frechet.toFixed(2), 1, '')
      continue
    }
    const result = await benchSampler(which, { ...setup, now: processorTime })
    const { psnr, ssim, frechet, sharpness, seconds, steps } = result
    const name = asked[i]?.split('/')[0] ?? ''
    const numbers = [psnr.toFixed(2), ssim.toFixed(3), frechet.toFixed(2), sharpness.toFixed(2)]
    row(name, steps, ...numbers, (seconds / batchSize).toFixed(2))
  }
})

function samplerCase(name: string): SamplerCase {
  const [, typed, unlimited, eta = '0', steps] =
    /^([^:/_]+)(_unlimited)?(?::([\d.]+))?\/(all|\d+)$/.exec(name) ?? []
  const sampler = samplerNames.find((each) => each === typed)
  if (!sampler)
    throw new UserError(
      `${name}: give samplers and steps as dpm++/20 or ddim:1/all; there are ${samplerNames.join(', ')}`,
    )
  const choices = { sampler, use_ddim: false, eta: Number(eta), limit_extrapolation: unlimited === undefined }
  chosenSampler(choices)
  return {
    sampler,
    eta: choices.eta,
    isLimited: choices.limit_extrapolation,
    steps: steps === 'all' ? undefined : Number(steps),
  }
}

/** Every second of the windows of a video, from the second on: none of those that are sampled. */
function inBetween({ shape: [B, ...film], data }: Awaited<ReturnType<typeof testWindows>>) {
  const size = elementCount(film)
  const each = 2 * WINDOWS + 1
  const rows = Array.from({ length: B }, (_, row) => row).filter((row) => (row % each) % 2 === 1)
  const parts = rows.map((row) => data.subarray(row * size, (row + 1) * size))
  return { shape: [rows.length, ...film] as const, data: Buffer.concat(parts) }
}
