import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runCarlaMetrics } from '../../scripts/run-carla-metrics.js'
import { writeCoordinates } from '../../src/carla/coordinate-files.js'
import { drivingOptions, type DrivingConfig } from '../../src/config/evaluation.js'
import { defaultsOf } from '../../src/config/option.js'
import { writeNpy } from '../../src/data/npy.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const scratch = temporaryFolder()

/** Straight ahead at a speed in m/s, ten frames a second, from a place on the x axis. */
const drive = (speed: number, T: number, start = 0) =>
  Array.from({ length: T }, (_, t) => [start + 0.1 * speed * t, 5]).flat()

/** A run of 40 frames, 12 of them given, beside a data set that was driven at 2 m/s. */
function run(samples: readonly number[][]): { evalDir: string; datasetDir: string } {
  const folder = mkdtempSync(path.join(scratch, 'carla-'))
  const evalDir = path.join(folder, 'autoreg_8_4_40_12')
  const datasetDir = path.join(folder, 'data')
  samples.forEach((positions, video) =>
    writeCoordinates(path.join(evalDir, `coords/sample_000${video}-0.npy`), Float32Array.from(positions)),
  )
  writeNpy(path.join(datasetDir, 'coords_0.npy'), {
    dtype: 'float64',
    shape: [30, 2],
    data: Float64Array.from(drive(2, 30)),
  })
  writeFileSync(path.join(evalDir, 'model_config.json'), JSON.stringify({ data_dir: datasetDir }))
  return { evalDir, datasetDir }
}

function measure(evalDir: string, options: Partial<DrivingConfig> = {}): string[] {
  const lines: string[] = []
  const terminal = {
    signal: new AbortController().signal,
    log: (line: string) => void lines.push(line),
    progress: () => expect.fail('quick enough without a bar'),
  }
  runCarlaMetrics({ ...defaultsOf(drivingOptions), reference: 'true', ...options, eval_dir: evalDir }, terminal) // prettier-ignore
  return lines
}

test('prints and writes WD and PO, per video and in total', () => {
  // At frame 20 of the second video, the car is suddenly 100 m further.
  const jumping = [...drive(2, 20), ...drive(2, 20, 100)]
  const { evalDir } = run([drive(1, 40), jumping])
  // 30 speeds a video, of which the two between given frames (0 to 10 and 1 to 11) do not count.
  const [text] = measure(evalDir, { count_given: false })
  expect(text).toBe(
    [
      'sample_0000-0: WD 1.000 m/s, PO 0.00 % of 28 speeds',
      'sample_0001-0: WD 0.000 m/s, PO 35.71 % of 28 speeds',
      'all 2: WD 0.609 m/s, PO 17.86 % of 56 speeds',
    ].join('\n'),
  )
  const base = path.join(evalDir, 'carla-metrics-2-0')
  expect(readFileSync(`${base}.txt`, 'utf8')).toBe(`${text}\n`)
  expect(JSON.parse(readFileSync(`${base}.json`, 'utf8'))).toMatchObject({
    outliers: 1000 / 56,
    pairs: 56,
    videos: [{ name: 'sample_0000-0' }, { metrics: { outliers: 1000 / 28 } }],
    settings: { stride: 10, pairs: 'all', reference: 'true', count_given: false },
  })
  const map = readFileSync(`${base}-map.svg`, 'utf8')
  expect(map.match(/<circle/g)).toHaveLength(2)
  expect(map.match(/stroke="#dc1e1e"/g)).toHaveLength(2 * 11)
  expect(readFileSync(`${base}-speeds.svg`, 'utf8')).toContain('samples (56 speeds)')
  for (const name of ['map', 'speeds'])
    expect(readFileSync(`${base}-${name}.png`).subarray(1, 4).toString()).toBe('PNG')
})

test('flags choose other speeds', () => {
  const { evalDir } = run([drive(1, 40)])
  expect(measure(evalDir)[0]).toContain('of 30 speeds')
  expect(measure(evalDir, { pairs: 'disjoint' })[0]).toContain('of 3 speeds')
  expect(measure(evalDir, { pairs: 'disjoint', stride: 20 })[0]).toContain('of 1 speed')
  expect(measure(evalDir, { limit: 2.5 })[0]).toContain('PO 0.00 %')
  expect(() => measure(evalDir, { limit: 0.5 })).toThrow('the data set has no speeds up to 0.5 m/s')
  expect(() => measure(evalDir, { stride: 40 })).toThrow('no sample has two frames 40 apart')
  expect(measure(evalDir, { count_given: false, n_obs: 40 - 1 })[0]).toContain('of 1 speed')
  expect(measure(evalDir, { count_given: false, obs_frames: '0,10' })[0]).toContain('of 29 speeds')
})

test('what is missing is named', () => {
  const { evalDir, datasetDir } = run([drive(1, 40)])
  expect(() => measure(evalDir, { reference: 'regressed' })).toThrow(
    /holds no coordinates to compare with: run to-world-coords --dataset_dir .*, or use --reference true/,
  )
  expect(() => measure(evalDir, { sample_idx: 3 })).toThrow(
    'no coordinates of a sample 3: run to-world-coords',
  )
  mkdirSync(path.join(evalDir, 'samples'))
  writeFileSync(path.join(evalDir, 'samples/sample_0007-0.npy'), '')
  expect(() => measure(evalDir)).toThrow(
    /^1 of 2 samples have no coordinates \(.*0007-0\.npy: it does not exist/,
  )
  expect(measure(evalDir, { skip_bad: true })[0]).toMatch(/^left out: .*0007-0\.npy/)
  expect(() => measure(datasetDir, { dataset_dir: datasetDir })).toThrow('holds no coordinates of a sample 0')
})
