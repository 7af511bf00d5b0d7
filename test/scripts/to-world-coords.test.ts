import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runToWorldCoords } from '../../scripts/run-to-world-coords.js'
import { runCoordinates, writeCoordinates } from '../../src/carla/coordinate-files.js'
import { coordinateOptions } from '../../src/config/evaluation.js'
import { defaultsOf } from '../../src/config/option.js'
import { unfinishedFile } from '../../src/files/unfinished-files.js'
import { sampleFile } from '../../src/sampling/results/results-layout.js'
import { writeSample } from '../../src/sampling/results/sample-file.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const evalDir = temporaryFolder()

test('with nothing left to do it still clears away what a killed process left, and nobody else', async () => {
  writeSample(sampleFile(evalDir, 0, 0), { shape: [1, 2, 2, 3], data: new Uint8Array(12) })
  const coordinates = runCoordinates(evalDir)
  writeCoordinates(path.join(coordinates, 'sample_0000-0.npy'), new Float32Array(2))
  const { pid: ended } = spawnSync(process.execPath, ['--version'])
  const own = unfinishedFile(path.join(coordinates, 'sample_0000-0.npy'))
  const of = (pid: number) => own.replace(`.${process.pid}.`, `.${pid}.`)
  for (const pid of [ended, process.ppid]) writeFileSync(of(pid), 'half')

  const lines: string[] = []
  await runToWorldCoords(
    { ...defaultsOf(coordinateOptions), eval_dir: evalDir, classifier_path: '-', regressor_path: '-' },
    {
      signal: new AbortController().signal,
      log: (text) => void lines.push(text),
      progress: () => ({ update: () => undefined, clear: () => undefined, stop: () => undefined }),
    },
  )
  expect(lines).toEqual([`1 video, coordinates go to ${coordinates}; there already: 1`])
  expect([of(ended), of(process.ppid)].map((file) => existsSync(file))).toEqual([false, true])
})
