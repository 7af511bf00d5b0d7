import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeNpy } from '../../../src/data/npy.js'
import { UserError } from '../../../src/errors.js'
import { namesWithFiles, savedStages } from '../../../src/sampling/runs/saved-stages.js'
import { beginVideo, type VideoInProgress } from '../../../src/sampling/stages/video-in-progress.js'
import { filmOf } from '../../../src/sampling/videos/video-batch.js'
import { adaptiveAutoreg } from '../../../src/schemes/adaptive-autoreg.js'
import { autoreg } from '../../../src/schemes/autoreg.js'
import { hierarchy } from '../../../src/schemes/hierarchy.js'
import type { SamplingScheme } from '../../../src/schemes/types.js'
import { countingVideos, SIZE } from '../fake-model.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'saved-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const settings = { scheme: 'autoreg', seed: 0, data_dir: undefined }
const saved = (changes: Readonly<Record<string, unknown>> = {}) =>
  savedStages(folder, 'sample_0003-0', { ...settings, ...changes })

const begin = (scheme: SamplingScheme = autoreg) =>
  beginVideo({
    given: filmOf(countingVideos(1, 9), 0),
    scheme,
    settings: { videoLength: 9, observed: 3, maxFrames: 4, stepSize: 2 },
    key: { seed: 0, video: 3, sampleIdx: 0 },
  })

/** Fills the latent frames of a stage with values between pixels; the stage is to be saved. */
function complete(video: VideoInProgress, files: ReturnType<typeof saved>): void {
  for (const t of video.next?.latent ?? [])
    video.frames.put(t, new Float32Array(SIZE * SIZE * 3).fill(t / 77))
  files.add(video.next ?? { observed: [], latent: [] })
  video.advance()
}

/** Two stages, each saved. */
function saveTwo(): void {
  const [video, files] = [begin(), saved()]
  for (let stage = 0; stage < 2; stage++) {
    complete(video, files)
    files.save(video)
  }
}

test('a video goes on where it was saved, with the same numbers', () => {
  saveTwo()
  expect(readdirSync(folder).sort()).toEqual([
    'sample_0003-0.0.npy',
    'sample_0003-0.1.npy',
    'sample_0003-0.json',
  ])
  const [video, files] = [begin(), saved()]
  files.restore(video)
  expect(video.next).toEqual({ index: 2, observed: [5, 6], latent: [7, 8] })
  for (const t of [3, 4, 5, 6]) expect(video.frames.get(t)[5]).toBe(Math.fround(t / 77))
  expect(() => video.frames.get(7)).toThrow()

  complete(video, files)
  files.save(video)
  const done = begin()
  saved().restore(done)
  expect(done.next).toBeUndefined()
  expect(done.frames.get(8)[0]).toBe(Math.fround(8 / 77))
})

test('an adaptive scheme chooses on as if it had never stopped', () => {
  // Without features of the saved frames, or with others, it would choose the first candidates.
  const look = [0, 200, 20, 120, 60, 250, 90, 30, 150]
  const fill = (video: VideoInProgress) => {
    for (const t of video.next?.latent ?? [])
      video.frames.put(t, new Float32Array(SIZE * SIZE * 3).fill((look[t] ?? 0) / 255))
  }
  const settings = { videoLength: 9, observed: 1, maxFrames: 4, stepSize: 1 }
  const given = filmOf(countingVideos(1, 9), 0)
  const start = () =>
    beginVideo({ given, scheme: adaptiveAutoreg, settings, key: { seed: 0, video: 3, sampleIdx: 0 } })
  const [whole, files] = [start(), saved()]
  const chosen = []
  for (let stage = whole.next; stage; stage = whole.next) {
    fill(whole)
    chosen.push(stage.observed)
    if (stage.index < 5) files.add(stage)
    whole.advance()
    if (stage.index < 5) files.save(whole)
  }
  expect(chosen[6]).not.toEqual([6, 5, 4])
  const again = start()
  saved().restore(again)
  for (let stage = again.next; stage; stage = again.next) {
    expect(stage.observed).toEqual(chosen[stage.index])
    fill(again)
    again.advance()
  }
})

test('stages saved together are in one file, and those saved before are not written again', () => {
  const [video, files] = [begin(), saved()]
  for (let stage = 0; stage < 2; stage++) {
    complete(video, files)
  }
  files.save(video)
  files.save(video)
  expect(readdirSync(folder).sort()).toEqual(['sample_0003-0.0.npy', 'sample_0003-0.json'])
  const again = begin()
  saved().restore(again)
  expect(again.next?.index).toBe(2)
})

test('a part that was written before the process was killed, and is not counted, is not there', () => {
  saveTwo()
  writeFileSync(path.join(folder, 'sample_0003-0.2.npy'), 'half')
  const [video, files] = [begin(), saved()]
  files.restore(video)
  expect(video.next?.index).toBe(2)
  files.remove()
  expect(readdirSync(folder)).toEqual([])
})

test('without saved stages a video begins', () => {
  const video = begin()
  saved().restore(video)
  expect(video.next?.index).toBe(0)
  expect(namesWithFiles(folder).size).toBe(0)
})

test('removing leaves other videos alone, and takes what killed processes left', () => {
  saveTwo()
  const other = ['sample_0003-01.json', 'sample_0004-0.0.npy', 'sample_0003-0.claim-1']
  for (const name of [...other, '.sample_0003-0.1.npy.host.1.0-0.tmp'])
    writeFileSync(path.join(folder, name), '')
  expect([...namesWithFiles(folder)].sort()).toEqual(['sample_0003-0', 'sample_0003-01', 'sample_0004-0'])
  expect([...namesWithFiles(folder, '.')]).toEqual(['sample_0003-0'])
  saved().remove()
  expect(readdirSync(folder).sort()).toEqual([...other].sort())
})

test('what does not go on is refused, with what to do', () => {
  saveTwo()
  const restore = (changes = {}, scheme = autoreg) => saved(changes).restore(begin(scheme))
  const refused = (attempt: () => void, message: RegExp) => {
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(UserError)
  }
  refused(
    () => restore({ seed: 1 }),
    /sample_0003-0.json is of a video begun with seed 0, not 1: .*remove it/,
  )
  refused(() => restore({ eta: 1 }), /begun with eta nothing, not 1/)
  refused(() => restore({}, hierarchy(2)), /another order/)

  const part = path.join(folder, 'sample_0003-0.1.npy')
  writeFileSync(part, readFileSync(part).subarray(0, 300))
  refused(restore, /sample_0003-0.1.npy is truncated.*; remove it and the files beside it/)
  for (const value of [NaN, -Infinity]) {
    const data = new Float32Array(2 * SIZE * SIZE * 3).fill(value, 7, 8)
    writeNpy(part, { dtype: 'float32', shape: [2, SIZE, SIZE, 3], data })
    refused(restore, /sample_0003-0.1.npy is damaged: it holds values that are no numbers; remove it and/)
  }
  rmSync(part)
  refused(restore, /sample_0003-0.1.npy: it does not exist; remove it and the files beside it/)
  for (const content of [
    '{',
    'null',
    '{"settings": {}, "parts": [[1]]}',
    '{"parts": []}',
    '{"settings": {}, "given": 1, "parts": []}',
  ]) {
    writeFileSync(path.join(folder, 'sample_0003-0.json'), content)
    refused(restore, /sample_0003-0.json is damaged/)
  }
})
