import type { VideoDataset } from '../data/dataset.js'
import { UserError } from '../errors.js'
import type { SampleSet } from '../sampling/results/sample-set.js'

/**
 * Makes sure that there is a true video, as large and as long, to compare each sample with.
 * @throws UserError naming the first sample that has none.
 */
export function checkTruth({ samples, shape: [T, height, width] }: SampleSet, truth: VideoDataset): void {
  if (truth.imageSize !== height || truth.imageSize !== width)
    throw new UserError(
      `samples have ${width}x${height} pixels, the videos of ${truth.name} ${truth.imageSize}x${truth.imageSize}`,
    )
  for (const { video, file } of samples)
    if (video >= truth.length || T > truth.frameCount(video))
      throw new UserError(
        `${file}: the data set ${truth.name} has no test video ${video} of ${T} frames to compare with`,
      )
}
