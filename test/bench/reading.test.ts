import path from 'node:path'
import { expect, it } from 'vitest'
import { measureReading } from '../../src/bench/reading.js'
import { openVideoFile } from '../../src/data/video-file.js'
import { temporaryFolders, writeVideo } from '../data/temporary.js'

const newFolder = temporaryFolders()

it.each(['a.pt', 'a.npy'])(
  'reads the frames that are asked for, and has memory for no others (%s)',
  (name) => {
    const file = path.join(newFolder(), name)
    writeVideo(file, 200, 32)
    let now = 0
    const settings = { frames: 10, repetitions: 12 }
    const { milliseconds, asked, allocated } = measureReading(
      () => openVideoFile(file),
      settings,
      () => now++,
    )
    expect(milliseconds).toEqual(new Array(12).fill(1))
    expect(asked).toBe(10 * 32 * 32 * 3)
    // Besides the frames what the system says of a file.
    expect(allocated).toBeLessThan(asked + 4096)
  },
)
