import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { longSamplingOptions, type SamplingConfig } from '../../../src/config/sampling.js'
import { defaultsOf } from '../../../src/config/option.js'
import type { VideoDataset } from '../../../src/data/dataset.js'
import { UserError } from '../../../src/errors.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { firstVideoDigest } from '../../../src/sampling/results/first-video.js'
import { planLongRun } from '../../../src/sampling/runs/plan-long-run.js'
import { planSampleRun, type SampleRunInputs } from '../../../src/sampling/runs/plan-sample-run.js'
import { sampleLong } from '../../../src/sampling/runs/sample-long.js'
import { sampleRun, type RunProgress } from '../../../src/sampling/runs/sample-run.js'
import { fakeDataset } from '../../training/fixtures.js'
import { sharedRun } from '../shared-run.js'

// A results folder is of one data set, wherever that lies.

const folder = mkdtempSync(path.join(tmpdir(), 'other-videos-'))
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Videos of the names and sizes of `sharedRun`'s, that show something else. */
const others = fakeDataset({ split: 'test', videos: 9, frames: 12, T: 12, pixel: (video) => 100 + video })

const runIn = (name: string, options: Partial<SamplingConfig> = {}, dataset?: VideoDataset) => ({
  ...sharedRun(path.join(folder, name), { stop_index: 1, ...options }),
  ...(dataset && { dataset }),
})

async function complete(run: SampleRunInputs, onProgress?: (progress: RunProgress) => void) {
  const plan = planSampleRun(run)
  const videos = sampleRun(plan, run, onProgress && { onProgress })
  while (!(await videos.next()).done);
  return plan
}

/** Stops a run while it samples a stage. */
const stopAt = (stage: number) => (progress: RunProgress) => {
  if (progress.stage === stage) throw new Error('stopped')
}

/** All files and what is in them. */
const contents = (place: string) =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file, readFileSync(file, 'base64')])

test('samples of another data set are not added, whichever videos are asked for', async () => {
  const { folder: made } = await complete(runIn('mixed'))
  const before = contents(made)
  for (const options of [{ stop_index: 1 }, { stop_index: 2 }, { start_index: 5, stop_index: 6 }]) {
    const attempt = complete(runIn('mixed', options, others))
    await expect(attempt).rejects.toThrow(UserError)
    await expect(attempt).rejects.toThrow(
      /^the samples in .* were made of other videos, .*: give that data set again with --data_dir, or another folder with --eval_dir$/,
    )
  }
  expect(contents(made)).toEqual(before)
  await complete(runIn('mixed', { start_index: 5, stop_index: 6 }))
})

test('where no frame is given any data set will do', async () => {
  await complete(runIn('none', { n_obs: 0 }))
  await complete(runIn('none', { n_obs: 0, stop_index: 2 }, others))
})

test('a folder of an earlier version takes the first data set that adds to it, and no other', async () => {
  const { folder: made } = await complete(runIn('earlier'))
  const file = path.join(made, 'sampling.json')
  const record = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  expect(record.first_video).toMatch(/^[0-9a-f]{16}$/)
  writeFileSync(file, JSON.stringify({ ...record, first_video: undefined }))
  await complete(runIn('earlier', { stop_index: 2 }))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(record)
  await expect(complete(runIn('earlier', { stop_index: 3 }, others))).rejects.toThrow('other videos')
})

test('a half-done video is not finished with the given frames of another', async () => {
  const options = { start_index: 1, stop_index: 2 }
  const run = runIn('half', options)
  await expect(complete(run, stopAt(2))).rejects.toThrow('stopped')
  const unfinished = path.join(planSampleRun(run).folder, 'samples', '.unfinished')
  const before = contents(unfinished)
  // As if a video had been put before the second one: the first tells nothing.
  const { dataset } = run
  const moved: VideoDataset = {
    ...dataset,
    readFrames: (video, frames) => dataset.readFrames(video === 0 ? 0 : video + 1, frames),
  }
  await expect(complete(runIn('half', options, moved))).rejects.toThrow(
    /sample_0001-0.json is of a video begun with other given frames: sample with the data set .* remove it and the files beside it/,
  )
  expect(contents(unfinished)).toEqual(before)

  // Of an earlier version that did not say it.
  const file = path.join(unfinished, 'sample_0001-0.json')
  const journal = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ ...journal, given: undefined }))
  await complete(run)
})

test('nor is a video without end gone on with', async () => {
  const long = (dataset: VideoDataset) => ({
    ...runIn('long', {}, dataset),
    chunkLength: 8,
    options: {
      ...defaultsOf(longSamplingOptions),
      ...{ eval_dir: path.join(folder, 'long'), n_obs: 5, timestep_respacing: '3' },
    },
  })
  const [run, other] = [long(runIn('long').dataset), long(others)]
  const sample = sampleLong(planLongRun(run), run)
  await sample.next()
  await sample.return(undefined as never)
  await expect(sampleLong(planLongRun(other), other).next()).rejects.toThrow('made of other videos')
})

test('processes with two data sets that begin together do not both add their videos', async () => {
  const runs = [runIn('race', { stop_index: 4 }), runIn('race', { stop_index: 4 }, others)]
  const ends = await Promise.allSettled(runs.map((run) => complete(run)))
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
  expect(refused).toEqual([expect.stringContaining('made of other videos')])
})

test('a data set is told by frames of its first video that results depend on', async () => {
  const make = (changes: Parameters<typeof fakeDataset>[0]) =>
    fakeDataset({ frames: 100, T: 100, videos: 3, pixel: (video, frame) => video + frame, ...changes })
  const frames = Array.from({ length: 40 }, (_, t) => t)
  const data = make({})
  const digest = await firstVideoDigest(data, frames)
  expect(data.reads).toEqual([{ video: 0, frames: expect.arrayContaining([0, 39]) as unknown }])
  expect(data.reads[0]?.frames).toHaveLength(16)
  expect(await firstVideoDigest(make({ videos: 7 }), frames)).toBe(digest)
  const late = make({ pixel: (video, frame) => video + frame + Number(frame === 39) })
  expect(await firstVideoDigest(late, frames)).not.toBe(digest)
  expect(await firstVideoDigest(data, [])).toBeUndefined()
})

test('a first video that cannot be read does not stand in the way of others', async () => {
  const damaged = {
    ...others,
    readFrames: async (video: number, frames: readonly number[]) => {
      if (video === 0) throw new UserError('video_0.npy is damaged')
      return others.readFrames(video, frames)
    },
  }
  expect(await firstVideoDigest(damaged, [0, 1])).toBeUndefined()
  const { folder: made } = await complete(runIn('damaged', { start_index: 1, stop_index: 2 }, damaged))
  expect(readdirSync(path.join(made, 'samples'))).toEqual(['sample_0001-0.npy'])
  await expect(complete(runIn('damaged', {}, damaged))).rejects.toThrow('video_0.npy is damaged')
})
