import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadLpips } from '../../src/evaluation/lpips/load-lpips.js'
import { describeEachBackend } from '../helpers/backends.js'
import { lpipsFrames, netsFolders } from '../helpers/golden-nets.js'
import { writeLpipsWeights } from '../helpers/made-lpips.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const scratch = temporaryFolder()
const folders = netsFolders()

test('there are networks to check', () => {
  expect(folders).not.toHaveLength(0)
})

describe.each(folders)('$folder', ({ golden, array }) => {
  const { prefix } = golden

  describe.runIf(golden.lpips)('LPIPS', () => {
    describeEachBackend('distances', () => {
      test('are those of the lpips package', async () => {
        const folder = mkdtempSync(path.join(scratch, 'lpips-'))
        writeLpipsWeights(folder, prefix)
        const expected = array('lpips_pairwise.npy')
        const count = expected.shape[0] ?? 0
        const { frames, size } = lpipsFrames(prefix, count)
        const embedder = loadLpips(folder)
        const embeddings = await embedder.embed(frames, { height: size, width: size })
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
