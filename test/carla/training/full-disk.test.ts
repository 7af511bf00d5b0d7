import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { locatorOutput } from '../../../src/carla/training/locator-output.js'
import { trainLocator } from '../../../src/carla/training/train-locator.js'
import { LostWork } from '../../../src/errors.js'
import { writeFileAtomic } from '../../../src/files/write-file.js'
import { tensor } from '../../../src/torch-file/index.js'
import type { DiskNews } from '../../../src/training/outages/disk-news.js'
import { madeFrames } from '../../helpers/made-frames.js'
import { smallDisk, type SmallDisk } from '../../helpers/small-disk.js'

vi.mock('node:fs', async (importOriginal) => {
  const { limitedFs } = await import('../../helpers/limited-fs.js')
  return limitedFs(await importOriginal())
})

const ROOM = 4e6
/** A line that has no room in what is left of a disk's block. */
const MANY_NUMBERS = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`number ${i}`, i]))

describe('a run of regressor-train on a disk that is full', () => {
  let disk: SmallDisk
  const folder = () => disk.folder
  const news: (DiskNews | string)[] = []
  const says = () => news.map((each) => (typeof each === 'string' ? each : each.kind))
  beforeEach(() => {
    disk = smallDisk(ROOM)
    news.length = 0
  })
  afterEach(() => disk.remove())

  /**
   * Trains epochs of one step each, whose losses fall, with a state of its step alone.
   * @param onStep called after each step
   */
  async function run(epochs: number, onStep: (step: number) => void, train = madeFrames(1)) {
    let step = 0
    const scores = () => Promise.resolve({ loss: Float32Array.of(9 - step), quality: Float32Array.of(1) })
    const trainer = {
      get step() {
        return step
      },
      state: { parameters: new Map(), moments: [], statistics: new Map() },
      update: () => (step++, scores()),
      score: scores,
      dispose: () => undefined,
    }
    const now = () => 0
    const output = locatorOutput({
      ...{ folder: folder(), tested: 0, now, claim: { requireHeld: () => undefined } },
      patience: { between: 0, atEnd: [1], whenStopped: [1] },
      onDisk: (told) => news.push(told),
      onBest: (file) => news.push(path.basename(file)),
      onSave: (saved) => news.push(`saved ${saved}`),
    })
    const isDone = await trainLocator({
      ...{ trainer, train, test: madeFrames(1), now },
      progress: { step: 0, tested: 0, bestLoss: Infinity, sums: { loss: 0, quality: 0, frames: 0 } },
      config: { lr: 1, lr_step: 1, num_epochs: epochs, batch_size: 1, save_interval: 99, with_transforms: false, seed: 0 }, // prettier-ignore
      onStep,
      onEpoch({ epoch }, isBest) {
        output.log(epoch + 1, MANY_NUMBERS)
        if (isBest) output.keepBest(epoch, { step: tensor('float32', [1000], Float32Array.from({ length: 1000 }, () => step)) }) // prettier-ignore
      },
      save: (progress, asked) =>
        output.save(() => writeFileAtomic(path.join(folder(), 'resume.pth'), JSON.stringify(progress).padEnd(9000)), asked), // prettier-ignore
    })
    await output.settle()
    return isDone
  }
  const saved = () => JSON.parse(readFileSync(path.join(folder(), 'resume.pth'), 'utf8')) as { step: number }
  const lines = () => readFileSync(path.join(folder(), 'log.jsonl'), 'utf8').trimEnd().split('\n')

  it('goes on, and has all lines, the best network and the state when there is room', async () => {
    const found: unknown[] = []
    const isDone = await run(4, (step) => {
      if (step === 2) disk.fill()
      if (step !== 3) return
      found.push(saved().step, existsSync(path.join(folder(), 'model_1.pth')))
      disk.resize(4 * ROOM)
    })
    expect(isDone).toBe(true)
    expect(found).toEqual([1, false])
    const failed = news.find((each) => typeof each !== 'string' && each.kind === 'not saved')
    expect(failed).toMatchObject({ step: 2, goesOn: true, reason: expect.stringMatching(/model_1.pth: the disk is full$/) as string }) // prettier-ignore
    expect(says()).toEqual([
      ...['model_0.pth', 'saved 1', 'not written', 'not saved'],
      ...['model_1.pth', 'written again', 'saved again', 'saved 3'],
      ...['model_2.pth', 'saved 3', 'model_3.pth', 'saved 4'],
    ])
    expect(lines()).toHaveLength(4)
    expect(saved()).toMatchObject({ step: 4, tested: 4, bestLoss: 5 })
  })

  it('tries the last save again, and says what is lost', async () => {
    const failure = run(2, (step) => step === 2 && disk.fill())
    await expect(failure).rejects.toThrow(LostWork)
    await expect(failure).rejects.toThrow(/^step 2 is not saved: could not write .*: the disk is full$/)
    expect(saved()).toMatchObject({ step: 1 })
    expect(readdirSync(folder()).filter((name) => name.startsWith('model'))).toEqual(['model_0.pth'])
  })

  it('saves what was done when a video cannot be read', async () => {
    const frames = madeFrames(1)
    let reads = 0
    const read = (which: readonly number[]) => {
      if (++reads === 3) throw new Error('damaged')
      return frames.read(which)
    }
    const damaged = run(3, () => undefined, { count: 1, read })
    await expect(damaged).rejects.toThrow('damaged')
    expect(saved()).toMatchObject({ step: 2, tested: 2 })
  })
})
