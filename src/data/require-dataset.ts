import { counted } from '../counted.js'
import { UserError } from '../errors.js'
import { expectCount, expectObject } from '../expect.js'
import type { VideoDataset } from './dataset.js'

/**
 * Checks a data set that may be a program's own, before anything is read.
 * @param where what takes it, for the message
 * @throws UserError saying what is missing, such as any video, or which video is shorter than T.
 */
export function requireDataset(where: string, dataset: VideoDataset): void {
  const members = { name: 'string', frameCount: 'function', readFrames: 'function' } as const
  expectObject(`${where} takes as dataset what openDataset gives, or one's own`, dataset, members)
  if (dataset.length === 0) throw new UserError(`${where}: the data set ${dataset.name} has no video`)
  for (const count of ['length', 'T', 'imageSize'] as const)
    expectCount(`${where} takes a data set whose ${count} is an integer`, dataset[count], 1)
  const { length, name, T } = dataset
  for (let video = 0; video < length; video++) {
    const frames = dataset.frameCount(video)
    if (!(frames >= T))
      throw new UserError(`video ${video} of ${name} has ${counted(frames, 'frame')}, fewer than T = ${T}`)
  }
}
