import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openVideoFile } from '../../src/data/video-file.js'
import { readTorchFile } from '../../src/torch-file/index.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const folder = temporaryFolder()

it.skipIf(process.platform === 'win32')(
  'nobody waits for a named pipe that is in the place of a file',
  () => {
    for (const name of ['model.pt', 'video.npy']) {
      const pipe = path.join(folder, name)
      execFileSync('mkfifo', [pipe])
      if (name === 'model.pt') expect(() => readTorchFile(pipe)).toThrow(/this is not a plain file/)
      else expect(() => openVideoFile(pipe)).toThrow(/video\.npy/)
    }
  },
)
