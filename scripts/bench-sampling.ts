import { processorTime } from '../src/bench/processor-time.js'
import { measureSamplingShare } from '../src/bench/sampling-share.js'
import { median } from '../src/median.js'
import { fillModelConfig } from '../src/config/model.js'
import { createDiffusion } from '../src/diffusion/gaussian-diffusion.js'
import { createSampler } from '../src/diffusion/samplers/create-sampler.js'
import { createModel } from '../src/model/video-model.js'
import { startRuntime } from '../src/runtime/start.js'
import { samplingSchemes } from '../src/schemes/registry.js'
import { FULL_DEMO } from './demo-settings.js'

// How much of sampling is not the network, with a model and videos of the demo's size, as a table.

const SIZE = 32
const ROUNDS = 5
const { T, numObserved: observed, respacing: timestep_respacing, train } = FULL_DEMO

const { description } = await startRuntime()
const config = fillModelConfig({ ...train, image_size: SIZE, timestep_respacing })
const diffusion = createDiffusion(config)
const model = createModel(config, { seed: 0 })
process.stdout.write(
  `${description}; ${T} frames of ${SIZE} pixels from ${observed}; ` +
    'processor time in milliseconds, per call of the network, median of ' +
    `${ROUNDS} rounds\n\n| scheme | videos | calls | sampling | network alone | besides |\n| --- | --- | --- | --- | --- | --- |\n`,
)
for (const name of ['autoreg', 'adaptive-autoreg'])
  for (const videos of [1, 4]) {
    const scheme = samplingSchemes[name]
    if (!scheme) throw new Error(`there is no scheme ${name}`)
    const shape = [videos, T, SIZE, SIZE, 3] as const
    const options = {
      ...{ model, diffusion, scheme, observed },
      sampler: createSampler('ddim', diffusion.schedule),
      videos: { shape, data: new Uint8Array(shape.reduce((product, length) => product * length)) },
      maxFrames: Number(train.max_frames),
    }
    const shares = await measureSamplingShare(options, ROUNDS, processorTime)
    const perCall = (of: 'sampling' | 'network') => median(shares.map((share) => share[of] / share.calls))
    const besides = median(shares.map(({ sampling, network }) => 1 - network / sampling))
    const cells = [
      perCall('sampling').toFixed(1),
      perCall('network').toFixed(1),
      `${(100 * besides).toFixed(1)} %`,
    ]
    process.stdout.write(`| ${[name, videos, shares[0]?.calls ?? 0, ...cells].join(' | ')} |\n`)
  }
model.dispose()
