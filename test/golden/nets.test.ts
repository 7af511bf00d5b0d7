import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { createLocator } from '../../src/carla/load-locator.js'
import { RESIDUAL_PLANS } from '../../src/carla/network/residual-plan.js'
import { wassersteinDistance } from '../../src/carla/wasserstein-distance.js'
import { frechetDistance } from '../../src/evaluation/distances/frechet-distance.js'
import { kernelDistance } from '../../src/evaluation/distances/kernel-distance.js'
import { i3dUnits } from '../../src/evaluation/i3d/architecture.js'
import { createI3d } from '../../src/evaluation/i3d/create-i3d.js'
import { foldI3dWeights } from '../../src/evaluation/i3d/fold-i3d-weights.js'
import { tensorflowNames } from '../../src/evaluation/i3d/tensorflow-names.js'
import { torchSource } from '../../src/evaluation/i3d/weight-source.js'
import { loadLpips } from '../../src/lpips/load-lpips.js'
import { readTensorflowCheckpoint } from '../../src/tensorflow-checkpoint/read-tensorflow-checkpoint.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed, summary, weight, type Summary } from '../helpers/golden.js'
import { lpipsFrames, madeSpeeds, netsFolders } from '../helpers/golden-nets.js'
import { writeLpipsWeights } from '../helpers/made-lpips.js'
import { classifierWeights, regressorWeights } from '../helpers/made-locator.js'
import { temporaryFolder } from '../torch-file/handmade.js'

interface ExpectedCheckpoint {
  /** Names and shapes. */
  readonly published: readonly (readonly [string, number[]])[]
  readonly checkpoint: Readonly<Record<string, { readonly shape: number[]; readonly summary: Summary }>>
  readonly global_step: number
}

const scratch = temporaryFolder()
const folders = netsFolders()

test('there are networks to check', () => {
  expect(folders).not.toHaveLength(0)
})

describe.each(folders)('$folder', ({ folder: directory, golden, array }) => {
  const { prefix } = golden

  const checkpoint = path.join(directory, 'i3d_tf.json')
  describe.runIf(existsSync(checkpoint))('the TensorFlow checkpoint', () => {
    const expected = JSON.parse(readFileSync(checkpoint, 'utf8')) as ExpectedCheckpoint

    test('holds what TensorFlow wrote', () => {
      const tensors = readTensorflowCheckpoint(path.join(directory, 'variables/variables.index'))
      const names = [...Object.keys(expected.checkpoint), 'global_step']
      expect([...tensors.keys()].sort()).toEqual(names.sort())
      expect(tensors.get('global_step')?.toFloat32()).toEqual(Float32Array.of(expected.global_step))
      for (const [name, { shape, summary: sums }] of Object.entries(expected.checkpoint)) {
        expect(tensors.get(name)?.shape).toEqual(shape)
        const values = tensors.get(name)?.toFloat32() ?? []
        expect(Array.from(values)).toEqual(Array.from(signed(`${prefix}tf:${name}`, shape), Math.fround))
        summary('t', values, shape).forEach((sum, i) => expect(sum).toBeCloseTo(sums[i] ?? NaN, 6))
      }
    })

    test('of the published network has the names that are looked for', () => {
      const layers = [...i3dUnits().map(({ name }) => name), 'logits']
      const names = new Set(
        expected.published.map(([name]) => name.replace(/\/(batch_norm|conv_3d)\/.*/, '')),
      )
      const found = layers.flatMap((layer) =>
        tensorflowNames(layer).filter((name) => names.delete(`RGB/inception_i3d/${name}`)),
      )
      expect(found).toHaveLength(layers.length)
      expect([...names]).toEqual([])
    })
  })

  describe.runIf(golden.i3d)('I3D', () => {
    describeEachBackend('logits', () => {
      test('are those of the original network', async () => {
        const tensors = Object.entries(golden.i3d?.state_dict ?? {}).map(([name, shape]) => {
          return [name, { shape, toFloat32: () => weight(name, shape, `${prefix}i3d:`) }] as const
        })
        const source = torchSource('golden', new Map(tensors))
        const i3d = createI3d(foldI3dWeights(source ?? expect.fail('no weights')), 'golden')
        const videos = array('i3d_video_u8.npy')
        const [count = 0, T = 0, height = 0, width = 0] = videos.shape
        const size = T * height * width * 3
        const pixels = Uint8Array.from(videos.data)
        const logits: number[] = []
        for (let i = 0; i < count; i++)
          logits.push(
            ...(await i3d.logits({ pixels: pixels.subarray(i * size, (i + 1) * size), height, width })),
          )
        i3d.dispose()

        const expected = array('i3d_logits.npy').data
        expect(logits).toHaveLength(expected.length)
        const errors = logits.map((value, i) => Math.abs(value - (expected[i] ?? NaN)))
        expect(Math.max(...errors) / (golden.i3d?.logits_std ?? NaN)).toBeLessThan(1e-3)
      })
    })
  })

  describe.each((golden.metrics ?? []).filter((metrics) => 'n1' in metrics))(
    '$n1 and $n2 vectors of $dim',
    (metrics) => {
      const { n1, n2, dim, names } = metrics
      const first = { count: n1, dimensions: dim, values: signed(names[0], [n1, dim]) }
      const second = {
        count: n2,
        dimensions: dim,
        values: signed(names[1], [n2, dim]).map((x) => 1.2 * x + 0.1),
      }

      test('Fréchet distance', () => {
        expect(frechetDistance(first, second) / metrics.frechet_sqrtm).toBeCloseTo(1, 6)
        expect(frechetDistance(second, first) / metrics.frechet_sqrtm).toBeCloseTo(1, 6)
      })

      test('kernel distance', () => {
        expect(kernelDistance(first, second) / metrics.mmd_cubic_unbiased).toBeCloseTo(1, 6)
      })
    },
  )

  test.each((golden.metrics ?? []).filter((metrics) => 'make' in metrics))(
    'Wasserstein distance',
    (metrics) => {
      const [a, b] = madeSpeeds(metrics)
      expect(wassersteinDistance(a, b) / metrics.wasserstein_1d).toBeCloseTo(1, 6)
    },
  )

  describe.runIf(golden.coords)('CARLA coordinates', () => {
    const { cells, xy, logit_std: deviation } = golden.coords ?? { cells: [], xy: [], logit_std: NaN }
    const plan = RESIDUAL_PLANS.resnet152
    const files = {
      classifier: { file: 'classifier', tensors: classifierWeights(plan, prefix) },
      regressor: { file: 'regressor', tensors: regressorWeights(plan, prefix) },
    }

    describeEachBackend('of frames', () => {
      test('are those of the original networks', async () => {
        const locator = createLocator(files)
        const frames = array('coords_frames_u8.npy')
        const [, height = 0, width = 0] = frames.shape
        const located = await locator.locate(Uint8Array.from(frames.data), { height, width })
        locator.dispose()

        expect(located.cells).toEqual(cells)
        // As for I3D: a hundred layers of float32 in another order.
        const expected = array('coords_class_logits.npy').data
        located.logits.forEach((value, i) =>
          expect(Math.abs(value - (expected[i] ?? NaN))).toBeLessThan(1e-3 * deviation),
        )
        const positions = array('coords_xy.npy').data
        expect(located.coordinates).toHaveLength(positions.length)
        located.coordinates.forEach((value, i) =>
          expect(Math.abs(value / (positions[i] ?? NaN) - 1)).toBeLessThan(1e-3),
        )
        expect(xy.flat()).toHaveLength(positions.length)
      })
    })
  })

  describe.runIf(golden.lpips)('LPIPS', () => {
    describeEachBackend('distances', () => {
      test('are those of the lpips package', () => {
        const folder = mkdtempSync(path.join(scratch, 'lpips-'))
        writeLpipsWeights(folder, prefix)
        const expected = array('lpips_pairwise.npy')
        const count = expected.shape[0] ?? 0
        const { frames, size } = lpipsFrames(prefix, count)
        const embedder = loadLpips(folder)
        const embeddings = embedder.embed(frames, { height: size, width: size })
        embedder.dispose()

        expect(embeddings.map(({ length }) => length)).toEqual(Array(count).fill(golden.lpips?.dim))
        const norms = embeddings.map((embedding) =>
          Math.sqrt(pairwise([embedding, zeros(embedding)])[1] ?? NaN),
        )
        norms.forEach((norm, i) => expect(norm / (golden.lpips?.norms[i] ?? NaN)).toBeCloseTo(1, 5))
        const distances = pairwise(embeddings)
        const largest = Math.max(...distances)
        // float32 sums over some ten thousand differences of numbers of the same size.
        distances.forEach((distance, i) =>
          expect(Math.abs(distance - (expected.data[i] ?? NaN))).toBeLessThan(1e-5 * largest),
        )
      })
    })
  })
})

const zeros = ({ length }: Float32Array) => new Float32Array(length)

/** Squared Euclidean distances, row by row. */
function pairwise(vectors: readonly Float32Array[]): number[] {
  return vectors.flatMap((a) =>
    vectors.map((b) => a.reduce((sum, value, i) => sum + (value - (b[i] ?? NaN)) ** 2, 0)),
  )
}
