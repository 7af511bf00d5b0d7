import { mkdirSync, readFileSync, readdirSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, describe } from 'vitest'
import { median } from '../../src/median.js'
import { readCoordinates } from '../../src/carla/coordinate-files.js'
import { commands } from '../../scripts/commands.js'
import { runProgram } from '../../scripts/program.js'
import { availableBackends } from '../helpers/backends.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const scratch = temporaryFolder()
const isAsked = process.env.FDM_SLOW_TESTS === '1' && availableBackends().includes('tensorflow')
const before = process.cwd()

/** Videos that the toy town has to train on; those to test on have the numbers after. */
const TRAIN = 60
const TEST = 20

// Some minutes of training: npm run test:slow.
describe.runIf(isAsked)('from the toy town to WD and PO', { timeout: 1_800_000 }, () => {
  beforeAll(() => {
    const folder = path.join(realpathSync(scratch), 'walk-through')
    mkdirSync(folder)
    process.chdir(folder)
  })
  afterAll(() => {
    process.chdir(before)
  })

  /** Runs one command as it would be typed. */
  async function fdm(line: string): Promise<string[]> {
    const lines: string[] = []
    await runProgram(commands, line.split(' '), {
      signal: new AbortController().signal,
      log: (text) => void lines.push(text),
      progress: () => ({ update: () => undefined, clear: () => undefined, stop: () => undefined }),
    })
    return lines
  }

  test('small networks tell where test frames were taken, and the metrics follow', async () => {
    await fdm(`toy-town --train ${TRAIN} --test ${TEST}`)
    const options = '--data_dir datasets/toy-town --model resnet18 --optimizer adamw --batch_size 32 --num_epochs 8 --lr_step 6 --train_stride 3 --test_stride 10 --with_transforms False' // prettier-ignore
    const networks: string[] = []
    for (const isClassifier of ['True', 'False']) {
      const lines = await fdm(`regressor-train ${options} --is_classifier ${isClassifier}`)
      const best = lines.findLast((line) => line.startsWith('the best so far: ')) ?? expect.fail('no best')
      networks.push(best.replace('the best so far: ', ''))
    }
    const paths = `--classifier_path ${networks[0]} --regressor_path ${networks[1]} --batch_size 100`
    await fdm(`to-world-coords --dataset_dir datasets/toy-town ${paths}`)
    const errors = Array.from({ length: TEST }, (_, i) => TRAIN + i).flatMap((video) => {
      const truth = readCoordinates(`datasets/toy-town/coords_${video}.npy`)
      const found = readCoordinates(`results/datasets/toy-town/coords/video_${video}.npy`)
      return truth.map(([x, y], t) => Math.hypot(x - (found[t]?.[0] ?? NaN), y - (found[t]?.[1] ?? NaN)))
    })
    expect(errors).toHaveLength(TEST * 100)
    expect(median(errors)).toBeLessThan(3)

    const trained = await fdm(
      'train --dataset toy_town --T 12 --max_frames 8 --batch_size 2 --num_channels 32 --num_res_blocks 1 --diffusion_steps 100 --noise_schedule cosine --predict_xstart --lr 1e-3 --max_steps 60 --ema_rate 0.9 --unobserve',
    )
    const saved =
      trained.findLast((line) => line.startsWith('step 60 saved: ')) ?? expect.fail('nothing saved')
    const model = saved.replace('step 60 saved: ', '')
    await fdm(
      `sample ${model} --sampling_scheme autoreg --T 24 --n_obs 12 --use_ddim --timestep_respacing ddim5 --stop_index 2`,
    )
    const evalDir = `results/${path.basename(path.dirname(model))}/ema_0.9_000060_ddim_respaceddim5/autoreg_8_4_24_12`
    await fdm(`to-world-coords --eval_dir ${evalDir} ${paths}`)
    for (const reference of ['regressed', 'true']) {
      await fdm(`carla-metrics --eval_dir ${evalDir} --reference ${reference}`)
      const metrics = JSON.parse(readFileSync(`${evalDir}/carla-metrics-2-0.json`, 'utf8')) as {
        readonly pairs: number
        readonly outliers: number
        readonly distance: number
      }
      expect(metrics.pairs).toBe(2 * 14)
      expect(metrics.outliers).toBeGreaterThanOrEqual(0)
      expect(metrics.outliers).toBeLessThanOrEqual(100)
      expect(metrics.distance).toBeGreaterThan(0)
    }
    expect(readdirSync(evalDir)).toContain('carla-metrics-2-0-map.png')

    await fdm(`report --eval_dir ${evalDir}`)
    const page = readFileSync(`${evalDir}/report.html`, 'utf8')
    expect(page).toMatch(/WD in m\/s<small>2 videos<\/small><\/th><td>\d+\.\d{3}</)
    expect(page).toMatch(/PO in %<small>2 videos<\/small><\/th><td>\d+\.\d{2}</)
    expect(page).toMatch(/data:(?:video\/mp4|image\/gif);base64/)
    expect(page.match(/data:image\/svg\+xml;base64/g)).toHaveLength(3)
  })
})
