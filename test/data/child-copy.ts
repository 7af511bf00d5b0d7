import { openDataset } from '../../src/data/registry.js'

/** A process of its own that reads every frame of a data set, told what to do by JSON in its environment. */
export interface ChildCopy {
  readonly root: string
  readonly dataRoot: string
  readonly videos: number
}

const { root, dataRoot } = JSON.parse(process.env.FDM_CHILD_COPY ?? '') as ChildCopy
const dataset = await openDataset({
  name: 'mazes_cwvae',
  split: 'train',
  root,
  dataRoot,
  T: 5,
  imageSize: 16,
})
// Both begin at the same moment, as soon as both are ready. A signal alone does not keep a process alive.
const alive = setInterval(() => undefined, 1000)
const begun = new Promise<void>((resolve) => process.on('SIGUSR2', () => resolve()))
process.stdout.write('ready\n')
await begun
clearInterval(alive)
let sum = 0
for (let video = 0; video < dataset.length; video++) {
  const frames = Array.from({ length: dataset.frameCount(video) }, (_, i) => i)
  for (const value of await dataset.readFrames(video, frames)) sum += value
}
process.stdout.write(`sum ${sum}\n`)
