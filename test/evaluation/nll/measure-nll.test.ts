import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { nllOptions, type NllConfig } from '../../../src/config/nll.js'
import { defaultsOf } from '../../../src/config/option.js'
import { readNpy } from '../../../src/data/npy.js'
import { createDiffusion } from '../../../src/diffusion/gaussian-diffusion.js'
import { likelihoodTerms } from '../../../src/diffusion/likelihood.js'
import { videoNoise } from '../../../src/diffusion/video-noise.js'
import { UserError } from '../../../src/errors.js'
import { chooseTimesteps } from '../../../src/evaluation/nll/choose-timesteps.js'
import { measureNll, type NllCallbacks, type NllProgress } from '../../../src/evaluation/nll/measure-nll.js'
import { planNll } from '../../../src/evaluation/nll/plan-nll.js'
import { bootId, machineName } from '../../../src/machine.js'
import { hostRandom } from '../../../src/random.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { boundStep } from '../../../src/sampling/stages/bound-step.js'
import { temporaryFolders } from '../../data/temporary.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { madeConditioning, tinyConfig, tinyModel } from '../../helpers/tiny-model.js'
import { fakeConfig, fakeModel, SIZE } from '../../sampling/fake-model.js'
import { fakeDataset } from '../../training/fixtures.js'

const newFolder = temporaryFolders()
const T = 6
const FRAME = SIZE * SIZE * 3
const STEPS = 10
/** Every value of frame t of video v is the level t + 10 v. */
const dataset = fakeDataset({
  split: 'test',
  videos: 3,
  frames: T,
  T,
  imageSize: SIZE,
  pixel: (video, frame) => frame + 10 * video,
})
const config = { ...fakeConfig, sigma_small: true, diffusion_steps: STEPS, noise_schedule: 'cosine' } as const
/** What the model takes every latent value for, whatever it sees. */
const GUESS = -0.9

function inputs(eval_dir: string, options: Partial<NllConfig> = {}) {
  const asked = { sampling_scheme: 'autoreg', eval_dir, n_obs: 2, batch_size: 4 } as const
  return {
    checkpoint: {
      path: 'checkpoints/run/ema_0.9_000012.pt',
      step: 12,
      digest: 'a0',
      config: { ...config, timestep_respacing: '', dataset: 'fake', max_frames: 4 },
      model: fakeModel((_, x) => tf.fill(x.shape, GUESS)),
    },
    dataset,
    options: { ...defaultsOf(nllOptions), ...asked, ...options },
  }
}

async function measure(run: ReturnType<typeof inputs>, callbacks: NllCallbacks = {}) {
  const plan = planNll(run)
  const videos = []
  for await (const video of measureNll(plan, run, callbacks)) videos.push(video)
  return { folder: path.join(plan.folder, 'elbos'), videos }
}

describe('a bound', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'wasm' })
  })

  it('is an error where the last step is pure noise, not a fault of the weights', async () => {
    const run = inputs(newFolder())
    const noise = { noise_schedule: 'linear', diffusion_steps: 20 } as const
    Object.assign(run.checkpoint.config, noise)
    await expect(measure(run)).rejects.toThrow(
      'leaves nothing of a frame at the last step, and no frame can be computed from that',
    )
  })

  it('of a model whose terms are known in closed form is their sum', async () => {
    const { folder, videos } = await measure(inputs(newFolder()))
    expect(path.basename(path.dirname(folder))).toBe('autoreg_4_2_6_2')
    expect(videos.map(({ bound, isNew }) => [bound.video, isNew])).toEqual([[0, true], [1, true], [2, true]]) // prettier-ignore
    for (const { bound, file } of videos) {
      const expected = [2, 3, 4, 5].map((t) => closedForm((2 * (t + 10 * bound.video)) / 255 - 1))
      const stages = [0, 2].map((i) => ((expected[i] ?? NaN) + (expected[i + 1] ?? NaN)) / 2)
      expect(bound.stages.map(({ observed, latent }) => [observed, latent])).toEqual([
        [[0, 1], [2, 3]],
        [[2, 3], [4, 5]],
      ]) // prettier-ignore
      bound.stages.forEach(({ bits_per_dimension: bpd, bits }, i) => {
        expect(bpd / (stages[i] ?? NaN)).toBeCloseTo(1, 3)
        expect(bits).toBeCloseTo(bpd * 2 * FRAME, 6)
      })
      const total = expected.reduce((sum, value) => sum + value, 0)
      expect(bound.bits / (total * FRAME)).toBeCloseTo(1, 3)
      expect(bound.bits_per_dimension).toBeCloseTo(bound.bits / (4 * FRAME), 8)
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(bound)
    }
    const { dtype, shape, data } = readNpy(path.join(folder, 'elbo_0001.npy'))
    expect([dtype, shape]).toEqual(['float64', [2, STEPS, 5]])
    expect(Array.from(data.subarray(0, 5), Number).slice(0, 2)).toEqual([STEPS - 1, 1])
    expect(readdirSync(folder).sort()).toEqual([
      ...[0, 1, 2].flatMap((video) => [`elbo_000${video}.json`, `elbo_000${video}.npy`]),
      'settings.json',
    ])
  })

  it('of some diffusion steps counts each for those that it stands for', async () => {
    const { folder, videos } = await measure(inputs(newFolder(), { num_timesteps: 4, stop_index: 1 }))
    const { shape, data } = readNpy(path.join(folder, 'elbo_0000.npy'))
    expect(shape).toEqual([2, 4, 5])
    videos[0]?.bound.stages.forEach((stage, i) => {
      const rows = [0, 1, 2, 3].map((row) => Array.from(data.subarray((4 * i + row) * 5), Number))
      expect(rows.map(([, weight]) => weight)).toEqual([3, 3, 3, 1])
      const sum = rows.reduce((total, [, weight = NaN, vb = NaN]) => total + weight * vb, 0)
      expect(stage.vb_bpd).toBeCloseTo(sum, 8)
      expect(stage.bits_per_dimension).toBeCloseTo(sum + stage.prior_bpd, 8)
    })
  })

  it('stopped in the middle is gone on with at the stage where it stopped', async () => {
    const run = inputs(newFolder(), { num_timesteps: 5 })
    const seen: string[] = []
    const stopAt = (video: number, stage: number): NllCallbacks => {
      const abort = new AbortController()
      const onProgress = (progress: NllProgress) => {
        seen.push(`${progress.video}/${progress.stage}`)
        if (progress.video === video && progress.stage === stage) abort.abort(new Error('stopped'))
      }
      return { onProgress, signal: abort.signal }
    }
    await expect(measure(run, stopAt(1, 1))).rejects.toThrow('stopped')
    expect(seen.at(-1)).toBe('1/1')
    seen.length = 0
    const again = await measure(run, stopAt(-1, -1))
    expect(new Set(seen)).toEqual(new Set(['1/1', '2/0', '2/1']))
    expect(again.videos.map(({ isNew }) => isNew)).toEqual([false, true, true])
    const whole = await measure(inputs(newFolder(), { num_timesteps: 5 }))
    expect(again.videos.map(({ bound }) => bound)).toEqual(whole.videos.map(({ bound }) => bound))
    expect(existsSync(path.join(again.folder, '.unfinished'))).toBe(false)
  })

  it('is measured once by several at once, and left to others if asked for', async () => {
    const folder = newFolder()
    const all = await Promise.all([0, 1].map(() => measure(inputs(folder), { claims: { heartbeat: 50 } })))
    const done = all.flatMap(({ videos }) => videos.filter(({ isNew }) => isNew))
    expect(done.map(({ bound }) => bound.video).sort()).toEqual([0, 1, 2])

    const run = inputs(newFolder(), { wait: false, start_index: 1 })
    const claims = path.join(planNll(run).folder, 'elbos', '.unfinished')
    mkdirSync(claims, { recursive: true })
    writeFileSync(path.join(claims, 'elbo_0001.claim-1'), JSON.stringify({ machine: 'another', pid: 1 }))
    expect((await measure(run)).videos.map(({ bound }) => bound.video)).toEqual([2])
  })

  it('leaves nothing of a process that was killed once it had written one', async () => {
    const run = inputs(newFolder(), { num_timesteps: 2, stop_index: 2 })
    const { folder } = await measure(run)
    const all = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
    const clean = all()
    const unfinished = path.join(folder, '.unfinished')
    const claim = path.join(unfinished, 'elbo_0000.claim-1')
    // A process of this machine and of no other time than now, which is gone.
    const gone = { machine: machineName(), boot: bootId(), pid: 2 ** 22 + 1 }
    const left: [string, string][] = [
      [claim, JSON.stringify(gone)],
      [path.join(unfinished, 'elbo_0000.npy'), 'terms'],
      [path.join(unfinished, '.elbo_0000.npy.another.1.0-0.tmp'), ''],
      [path.join(folder, '.elbo_0000.json.another.1.0-0.tmp'), ''],
    ]
    for (const [file, content] of left) {
      mkdirSync(unfinished)
      writeFileSync(file, content)
      expect((await measure(run)).videos.map(({ isNew }) => isNew)).toEqual([false, false])
      expect(all(), file).toEqual(clean)
    }
    // Of one that is alive, or may be, all stays.
    for (const holder of [
      { ...gone, pid: process.ppid },
      { machine: 'another', pid: 1 },
    ]) {
      mkdirSync(unfinished, { recursive: true })
      for (const [file, content] of left)
        writeFileSync(file, file === claim ? JSON.stringify(holder) : content)
      const before = all()
      await measure(run)
      expect(all()).toEqual(before)
      expect(readFileSync(claim, 'utf8')).toBe(JSON.stringify(holder))
    }
  })

  it('of a video that another process has taken over meanwhile is not written', async () => {
    const run = inputs(newFolder(), { wait: false, stop_index: 2 })
    const folder = path.join(planNll(run).folder, 'elbos')
    const claim = path.join(folder, '.unfinished', 'elbo_0000.claim-2')
    const seen: string[] = []
    const onProgress = ({ video, stage, done }: NllProgress) => {
      seen.push(`${video}/${stage}`)
      if (video === 0 && done === STEPS) writeFileSync(claim, JSON.stringify({ machine: 'another', pid: 1 }))
    }
    const left: (readonly number[])[] = []
    const callbacks = { onProgress, onOthers: (videos: readonly number[]) => left.push(videos) }
    expect((await measure(run, callbacks)).videos.map(({ bound }) => bound.video)).toEqual([1])
    expect(seen).not.toContain('0/1')
    expect(left).toEqual([[0]])
    expect(readdirSync(path.join(folder, '.unfinished'))).toEqual(['elbo_0000.claim-2'])
  })

  it('says of a damaged file what to do, and measures what is removed anew', async () => {
    const run = inputs(newFolder(), { num_timesteps: 2, stop_index: 2 })
    const { folder, videos } = await measure(run)
    const [file, partial] = ['elbo_0001.json', '.unfinished/elbo_0001.npy'].map((name) =>
      path.join(folder, name),
    )
    const content = readFileSync(file ?? '', 'utf8')
    const empty = JSON.stringify({ ...videos[1]?.bound, stages: [] })
    const noBits = JSON.stringify({ ...videos[1]?.bound, stages: [{ observed: [], latent: [] }] })
    for (const damaged of [content.slice(0, 40), 'null', '{"video": 1}', empty, noBits]) {
      writeFileSync(file ?? '', damaged)
      await expect(measure(run)).rejects.toThrow(UserError)
      await expect(measure(run)).rejects.toThrow(/elbo_0001.json .* remove it to measure the video anew/)
    }
    rmSync(file ?? '')
    mkdirSync(path.dirname(partial ?? ''))
    writeFileSync(partial ?? '', readFileSync(path.join(folder, 'elbo_0001.npy')).subarray(0, 150))
    await expect(measure(run)).rejects.toThrow(/elbo_0001.npy is truncated.*; remove it to measure/)
    rmSync(partial ?? '')
    expect((await measure(run)).videos.map(({ bound }) => bound)).toEqual(videos.map(({ bound }) => bound))
    expect(readFileSync(file ?? '', 'utf8')).toBe(content)
  })

  it('is done only with its terms, which are measured anew where they are missing', async () => {
    const run = inputs(newFolder(), { num_timesteps: 2, stop_index: 2 })
    const { folder, videos } = await measure(run)
    const file = path.join(folder, 'elbo_0000.npy')
    const whole = readFileSync(file)
    rmSync(file)
    const again = await measure(run)
    expect(again.videos.map(({ bound, isNew }) => [bound.video, isNew]).sort()).toEqual([[0, true], [1, false]]) // prettier-ignore
    expect(again.videos.find(({ isNew }) => isNew)?.bound).toEqual(videos[0]?.bound)
    expect(readFileSync(file)).toEqual(whole)
    for (const damaged of [whole.subarray(0, 150), Buffer.concat([whole, whole])]) {
      writeFileSync(file, damaged)
      await expect(measure(run)).rejects.toThrow(/elbo_0000.npy is .*; remove it to measure the video anew/)
    }
    const [short] = (await measure(inputs(newFolder(), { num_timesteps: 3, stop_index: 1 }))).videos
    writeFileSync(file, readFileSync((short?.file ?? '').replace('.json', '.npy')))
    await expect(measure(run)).rejects.toThrow(
      /elbo_0000.npy does not hold terms of 2 stages of 2 diffusion steps: remove it/,
    )
  })

  it('of another data set is not mixed in, nor after an earlier version that did not say which it is', async () => {
    const folder = newFolder()
    const run = inputs(folder, { num_timesteps: 2, stop_index: 1 })
    const { folder: elbos } = await measure(run)
    const pixel = (video: number, frame: number) => 100 + frame + video
    const dataset = fakeDataset({ split: 'test', videos: 3, frames: T, T, imageSize: SIZE, pixel })
    const other = { ...inputs(folder, { num_timesteps: 2, start_index: 1 }), dataset }
    await expect(measure(other)).rejects.toThrow(/the bounds in .* were made of other videos/)
    const file = path.join(elbos, 'settings.json')
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    writeFileSync(file, JSON.stringify({ ...settings, first_video: undefined }))
    await measure(run)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(settings)
    writeFileSync(file, '[]')
    await expect(measure(run)).rejects.toThrow(/settings.json is damaged: .*; remove it if the bounds there/)
  })

  it('of an adaptive scheme, and of whole videos, works too', async () => {
    const adaptive = {
      sampling_scheme: 'adaptive-autoreg',
      adaptive_features: 'pixels',
      stop_index: 1,
    } as const
    const [{ bound } = {}] = (await measure(inputs(newFolder(), adaptive))).videos
    expect(bound?.stages.map(({ observed }) => observed.length)).toEqual([2, 2])
    const [{ bound: whole } = {}] = (await measure(inputs(newFolder(), { n_obs: 0, stop_index: 1 }))).videos
    expect(whole?.stages.map(({ latent }) => latent)).toEqual([[0, 1, 2, 3], [4, 5]]) // prettier-ignore
  })

  it('measured in another way is not mixed in, and what cannot be is refused', async () => {
    const folder = newFolder()
    await measure(inputs(folder, { num_timesteps: 2, stop_index: 1 }))
    const again = measure(inputs(folder, { num_timesteps: 3 }))
    await expect(again).rejects.toThrow(/made with num_timesteps 2, these would be with num_timesteps 3/)
    // A given folder does not say of which steps they are so many.
    const respaced = measure(inputs(folder, { num_timesteps: 2, timestep_respacing: '5' }))
    await expect(respaced).rejects.toThrow(/made with timestep_respacing "", these .* timestep_respacing 5/)
    const same = inputs(folder, { num_timesteps: 2 })
    const retrained = measure({ ...same, checkpoint: { ...same.checkpoint, digest: 'b1' } })
    await expect(retrained).rejects.toThrow(/made with parameters a0, these would be with parameters b1/)
    expect(() => planNll(inputs(folder, { num_timesteps: 11 }))).toThrow(/there are 10 diffusion steps/)
    expect(() => planNll(inputs(folder, { stop_index: 4 }))).toThrow(/has 3 test videos/)
    expect(() => planNll(inputs(folder, { n_obs: 0, start_index: 3, stop_index: 4 }))).toThrow(
      /3 test videos/,
    )
    expect(planNll({ ...inputs(folder, { batch_size: 2 }), taskId: 1 }).videos).toEqual([2])
  })
})

/** Bits of a value x that is always taken for GUESS, in float64: no term depends on the noise. */
function closedForm(x: number): number {
  const { betas, alphasCumprod, posteriorMeanCoef1, posteriorLogVarianceClipped } = createDiffusion({
    ...config,
    timestep_respacing: '',
  }).schedule
  const at = (values: Float64Array, t: number) => values[t] ?? NaN
  const kl = Array.from(betas.keys())
    .slice(1)
    .map((t) => {
      const difference = at(posteriorMeanCoef1, t) * (x - GUESS)
      return difference ** 2 / (2 * Math.exp(at(posteriorLogVarianceClipped, t)))
    })
  const scale = Math.exp(at(posteriorLogVarianceClipped, 0) / 2)
  const cdf = (z: number) => 0.5 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)))
  const below = x < -0.999 ? 0 : cdf((x - GUESS - 1 / 255) / scale)
  const decoder = -Math.log(Math.max(cdf((x - GUESS + 1 / 255) / scale) - below, 1e-12))
  const last = at(alphasCumprod, STEPS - 1)
  const prior = 0.5 * (1 - last + last * x ** 2 - 1 - Math.log(1 - last))
  return (kl.reduce((sum, value) => sum + value, decoder) + prior) / Math.LN2
}

test('chosen diffusion steps give an unbiased estimate of a sum over all', () => {
  const value = (t: number) => 1 / (1 + t)
  const exact = Array.from({ length: 30 }, (_, t) => value(t)).reduce((sum, each) => sum + each)
  for (const count of [1, 2, 5, 29, 30]) {
    const estimates = Array.from({ length: 4000 }, (_, i) => {
      const chosen = chooseTimesteps(30, count, hostRandom('unbiased', i))
      expect(chosen.length).toBe(count)
      expect(chosen.reduce((sum, { weight }) => sum + weight, 0)).toBe(30)
      if (count > 1) expect(chosen.at(-1)).toEqual({ t: 0, weight: 1 })
      return chosen.reduce((sum, { t, weight }) => sum + weight * value(t), 0)
    })
    const mean = estimates.reduce((sum, each) => sum + each) / estimates.length
    const deviation = Math.sqrt(
      estimates.reduce((sum, each) => sum + (each - mean) ** 2, 0) / estimates.length,
    )
    expect(Math.abs(mean - exact)).toBeLessThan(4 * (deviation / Math.sqrt(estimates.length)) + 1e-9)
  }
})

describeEachBackend('terms in a compiled step', () => {
  it('are those of the plain functions', async () => {
    const options = tinyConfig({ learn_sigma: true })
    const [model, diffusion] = [tinyModel(options), createDiffusion(options)]
    const step = boundStep({ model, diffusion, clipDenoised: true })
    const pixels = Uint8Array.from({ length: 3 * 32 * 32 * 3 }, (_, i) => (i * 37) % 256)
    const row = { pixels, stage: { observed: [4], latent: [0, 7] } }
    const rows = [{ ...row, t: 0, seed: [1, 2] as const }, { ...row, t: 20, seed: [3, 4] as const }] // prettier-ignore
    const terms = await step.run(rows)
    const before = tf.memory().numTensors
    expect(await step.run(rows)).toEqual(terms)
    expect(tf.memory().numTensors).toBe(before)
    const expected = tf.tidy(() => {
      const x0 = tf.tensor5d(Float32Array.from([...pixels, ...pixels], (p) => (2 * p) / 255 - 1), [2, 3, 32, 32, 3]) // prettier-ignore
      const mask = tf.tensor2d([[0, 1, 1], [0, 1, 1]]) // prettier-ignore
      const network = model.conditioned({
        ...madeConditioning(),
        x0,
        obsMask: tf.sub(1, mask),
        latentMask: mask,
        frameIndices: tf.tensor2d([[4, 0, 7], [4, 0, 7]], undefined, 'int32'), // prettier-ignore
      })
      const noise = videoNoise(tf.tensor2d([[1, 2], [3, 4]], undefined, 'int32'), x0.shape) // prettier-ignore
      const plain = likelihoodTerms(diffusion, network, { x0, t: [0, 20], noise, mask, clipDenoised: true })
      return [plain.vb, plain.xstart_mse, plain.mse].map((term) => term.dataSync<'float32'>())
    })
    terms.forEach(({ vb, xstart_mse, mse }, i) =>
      [vb, xstart_mse, mse].forEach((term, j) => expect(term / (expected[j]?.[i] ?? NaN)).toBeCloseTo(1, 4)),
    )
    step.dispose()
    model.dispose()
  })
})
