import { expectChoice, expectCount, expectObject } from '../../expect.js'
import { requireLpipsSize } from '../../lpips/alexnet-layers.js'
import { loadLpips } from '../../lpips/load-lpips.js'
import { computesOnGpu, nativeExtension } from '../../runtime/native-extension.js'
import { deviceComparer } from './device-comparer.js'
import type { FrameFeatures } from './frame-features.js'
import { pixelFeatures } from './pixel-features.js'

/** What adaptive schemes compare frames by, ready to be used. */
export interface AdaptiveFeatures extends FrameFeatures {
  /** Tells weights from others; none for pixels. */
  readonly digest?: string
  dispose(): void
}

export interface AdaptiveFeaturesOptions {
  /** `lpips`: its distance, for frames of at least 31 pixels; `pixels`: mean colours on a grid of 8x8 cells. */
  readonly kind: 'lpips' | 'pixels'
  /** Folder with the weights of AlexNet and LPIPS, which pixels do not need. Default: `checkpoints/lpips`. */
  readonly weights?: string | undefined
  /** Pixels of a frame's side. */
  readonly imageSize: number
}

/** Where the weights of LPIPS are if nothing says it. */
const WEIGHTS = 'checkpoints/lpips'

/**
 * Loads what frames are compared by: once for any number of videos. The runtime must have been started.
 * @throws UserError if weights are missing, or frames are too small for LPIPS: before any stage, of which the
 *   first ones may be sampled without looking at frames.
 */
export function adaptiveFeatures(options: AdaptiveFeaturesOptions): AdaptiveFeatures {
  expectObject('adaptiveFeatures takes options with kind and imageSize', options, {})
  const { kind, weights = WEIGHTS, imageSize: size } = options
  expectChoice('adaptiveFeatures takes as kind one of', kind, ['lpips', 'pixels'])
  expectCount('adaptiveFeatures takes as imageSize the pixels of a side', size, 1)
  const squaredDistances = nativeExtension()?.squaredDistances
  if (kind === 'pixels') return { ...pixelFeatures, squaredDistances, dispose: () => undefined }
  requireLpipsSize({ height: size, width: size })
  const lpips = loadLpips(weights)
  return {
    embed: (frames, [height, width]) => lpips.embed(joined(frames), { height, width }),
    digest: lpips.digest,
    squaredDistances,
    // What is made on a GPU stays there: reading it back, and comparing it at the speed of main memory, takes longer.
    ...(computesOnGpu() && {
      comparer: () =>
        deviceComparer((frames, [height, width]) => lpips.embedOnDevice(joined(frames), { height, width })),
    }),
    dispose: () => lpips.dispose(),
  }
}

function joined(frames: readonly Float32Array[]): Float32Array {
  const [{ length } = { length: 0 }] = frames
  const all = new Float32Array(frames.length * length)
  frames.forEach((frame, i) => all.set(frame, i * length))
  return all
}
