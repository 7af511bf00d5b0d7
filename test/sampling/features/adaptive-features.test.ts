import { expect, test } from 'vitest'
import { loadLpips } from '../../../src/lpips/load-lpips.js'
import { hostRandom } from '../../../src/random.js'
import { computesOnGpu, nativeExtension } from '../../../src/runtime/native-extension.js'
import { adaptiveFeatures } from '../../../src/sampling/features/adaptive-features.js'
import { range } from '../../../src/schemes/range.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { writeLpipsWeights } from '../../helpers/made-lpips.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const weights = temporaryFolder()
writeLpipsWeights(weights, '')

describeEachBackend('what adaptive schemes compare frames by', () => {
  test('LPIPS embeds each frame as it does it alone', () => {
    const random = hostRandom('adaptive-features')
    const [H, W] = [32, 40]
    const frames = range(3).map(() =>
      Float32Array.from({ length: H * W * 3 }, () => 2 * random.uniform() - 1),
    )
    const features = adaptiveFeatures({ kind: 'lpips', weights, imageSize: H })
    const lpips = loadLpips(weights)
    const embedded = features.embed(frames, [H, W, 3])
    for (const [i, frame] of frames.entries()) {
      const [alone = new Float32Array()] = lpips.embed(frame, { height: H, width: W })
      expect(embedded[i]).toHaveLength(alone.length)
      expect(
        Math.max(...alone.map((value, at) => Math.abs(value - (embedded[i]?.[at] ?? NaN)))),
      ).toBeLessThan(1e-6)
    }
    features.dispose()
    lpips.dispose()
  })

  test('pixels need no weights', () => {
    const features = adaptiveFeatures({ kind: 'pixels', imageSize: 16 })
    expect(features.digest).toBeUndefined()
    features.dispose()
  })

  test.each(['lpips', 'pixels'] as const)('by %s, frames are compared as fast as the backend can', (kind) => {
    const features = adaptiveFeatures({ kind, weights, imageSize: 32 })
    expect(features.squaredDistances).toBe(nativeExtension()?.squaredDistances)
    // Tests that run on a GPU have it there.
    expect('comparer' in features).toBe(kind === 'lpips' && computesOnGpu())
    features.dispose()
  })
})
