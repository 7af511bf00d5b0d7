import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultsOf } from '../../../src/config/option.js'
import { longSamplingOptions, type LongSamplingConfig } from '../../../src/config/sampling.js'
import { UserError } from '../../../src/errors.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { joinChunks } from '../../../src/sampling/results/join-chunks.js'
import { readSample } from '../../../src/sampling/results/sample-file.js'
import { planLongRun, type LongRunInputs } from '../../../src/sampling/runs/plan-long-run.js'
import { sampleLong, type LongProgress } from '../../../src/sampling/runs/sample-long.js'
import { frameOfFilm } from '../../../src/sampling/videos/video-batch.js'
import { range } from '../../../src/schemes/range.js'
import { fakeModel, SIZE } from '../fake-model.js'
import { sharedRun } from '../shared-run.js'

const folder = mkdtempSync(path.join(tmpdir(), 'sample-long-'))
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Chunks of eight frames, four of them new, two per stage; five frames are given. */
function inputs(name: string, options: Partial<LongSamplingConfig> = {}): LongRunInputs {
  const { checkpoint, dataset } = sharedRun('')
  return {
    checkpoint,
    dataset,
    chunkLength: 8,
    options: {
      ...defaultsOf(longSamplingOptions),
      eval_dir: path.join(folder, name),
      n_obs: 5,
      timestep_respacing: '3',
      ...options,
    },
  }
}

/** Samples some chunks, or is stopped by a signal at one moment of one of them. */
async function sample(long: LongRunInputs, count: number, stopAt?: Pick<LongProgress, 'chunk' | 'stage'>) {
  const run = planLongRun(long)
  const controller = new AbortController()
  const stages: string[] = []
  const onProgress = ({ chunk, stage, step, steps }: LongProgress) => {
    if (step === steps) stages.push(`${chunk}/${stage}`)
    if (chunk === stopAt?.chunk && stage === stopAt.stage) controller.abort(new Error('stopped'))
  }
  const chunks = []
  try {
    for await (const chunk of sampleLong(run, long, { onProgress, signal: controller.signal })) {
      chunks.push(chunk)
      if (chunks.length === count) break
    }
  } catch (error) {
    expect(error).toEqual(new Error('stopped'))
  }
  return { run, chunks, stages }
}

test('each chunk goes on from the last frames of the one before', async () => {
  // One level brighter than the brightest frame that is given.
  const model = fakeModel(({ x0, obsMask }) => {
    const given = tf.reshape(obsMask, [...obsMask.shape, 1, 1, 1])
    const brightest = tf.max(tf.sub(tf.mul(tf.add(x0, 1), given), 1), [1, 2, 3, 4], true)
    return tf.broadcastTo(tf.add(brightest, 1 / 127.5), x0.shape)
  })
  const long = inputs('brighter')
  const { chunks } = await sample({ ...long, checkpoint: { ...long.checkpoint, model } }, 3)
  // Those that are given have levels 0 to 4.
  const levels = chunks.map(({ file }) => [0, 1, 2, 3].map((t) => frameOfFilm(readSample(file), t)[0]))
  expect(levels).toEqual([[5, 5, 6, 6], [7, 7, 8, 8], [9, 9, 10, 10]]) // prettier-ignore
})

test('chunks have files of their own, and noise of their own', async () => {
  const { run, chunks, stages } = await sample(inputs('a'), 3)
  expect(run.chunkFolder).toBe(path.join(folder, 'a/endless-autoreg_4_2_8_5/chunks/sample_0000-0'))
  expect(chunks.map(({ frames, isNew }) => [...frames, isNew])).toEqual([
    [5, 9, true],
    [9, 13, true],
    [13, 17, true],
  ])
  expect(stages).toEqual(['0/0', '0/1', '1/0', '1/1', '2/0', '2/1'])
  expect(readdirSync(run.chunkFolder)).toEqual([0, 1, 2].map((index) => `chunk_00000${index}.npy`))
  const films = chunks.map(({ file }) => readSample(file))
  expect(films.map(({ shape }) => shape[0])).toEqual([4, 4, 4])
  const frames = films.flatMap((film) => [0, 1, 2, 3].map((t) => String(frameOfFilm(film, t))))
  expect(new Set(frames).size).toBe(12)
})

test('of chunks with an odd number of frames too', async () => {
  // One level brighter than the latest frame that is seen: frames count on from those that are given.
  const model = fakeModel(({ x0, obsMask }) => {
    const K = obsMask.shape[1]
    return tf.tile(tf.add(tf.slice(x0, [0, K - 2], [-1, 1]), 2 / 255), [1, K, 1, 1, 1])
  })
  const { checkpoint, ...long } = inputs('odd', { max_latent_frames: 1 })
  const { chunks } = await sample({ ...long, checkpoint: { ...checkpoint, model }, chunkLength: 9 }, 3)
  const levels = chunks.flatMap(({ file }) => {
    const film = readSample(file)
    return range(film.shape[0]).map((t) => frameOfFilm(film, t)[0])
  })
  expect(levels).toEqual(range(5, 20))
  // Also from each chunk to the next.
  expect(chunks.map(({ statistics }) => statistics.motion)).toEqual([1, 1, 1])
})

test('a stopped run goes on at its stage, and ends with the same files', async () => {
  const whole = await sample(inputs('whole'), 3)
  expect((await sample(inputs('parts'), 3, { chunk: 1, stage: 1 })).stages).toEqual(['0/0', '0/1', '1/0'])
  const { chunks, stages, run } = await sample(inputs('parts'), 3)
  expect(chunks.map(({ isNew }) => isNew)).toEqual([false, true, true])
  expect(stages).toEqual(['1/1', '2/0', '2/1'])
  expect(readdirSync(run.chunkFolder)).toEqual(readdirSync(whole.run.chunkFolder))
  for (const [i, { file, statistics }] of chunks.entries()) {
    expect(readFileSync(file)).toEqual(readFileSync(whole.chunks[i]?.file ?? ''))
    expect(statistics).toEqual(whole.chunks[i]?.statistics)
  }
  const times = chunks.map(({ file }) => statSync(file).mtimeMs)
  const again = await sample(inputs('parts'), 3)
  expect(again.chunks.map(({ file }) => statSync(file).mtimeMs)).toEqual(times)
})

test('what a process leaves that is killed once it has written a chunk is removed by the next', async () => {
  const { run } = await sample(inputs('killed'), 3, { chunk: 1, stage: 1 })
  const contents = () =>
    readdirSync(run.chunkFolder).map(
      (name) => [name, readFileSync(path.join(run.chunkFolder, name))] as const,
    )
  const stages = contents().filter(([name]) => name.startsWith('chunk_000001.'))
  expect(stages.map(([name]) => name)).toEqual(['chunk_000001.0.npy', 'chunk_000001.json'])
  // Chunk 2 is begun, and stays so.
  await sample(inputs('killed'), 3, { chunk: 2, stage: 1 })
  const clean = contents()
  expect(clean.map(([name]) => name)).toContain('chunk_000002.json')
  const halfWritten = '.chunk_000000.npy.another.1.0-0.tmp'
  for (const [name, content] of [...stages, [halfWritten, ''] as const])
    writeFileSync(path.join(run.chunkFolder, name), content)
  expect((await sample(inputs('killed'), 2)).chunks.map(({ isNew }) => isNew)).toEqual([false, false])
  expect(contents()).toEqual(clean)
})

test('once its claim is taken over, a process writes nothing more and goes on when it has it again', async () => {
  const whole = await sample(inputs('undisturbed'), 2)
  const [, made = ''] = whole.chunks.map(({ file }) => file)
  const long = inputs('taken-over')
  const run = planLongRun(long)
  const others = path.join(run.chunkFolder, 'chunks.claim-2')
  const files = () =>
    readdirSync(run.chunkFolder)
      .filter((name) => !name.includes('.claim-'))
      .map((name) => [name, readFileSync(path.join(run.chunkFolder, name))])
  const stages: string[] = []
  let before: unknown
  let waited = 0
  const chunks = sampleLong(run, long, {
    onClaim: () => stages.push('claimed'),
    onProgress({ chunk, stage, step, steps }) {
      if (step < steps) return
      stages.push(`${chunk}/${stage}`)
      if (chunk !== 1 || stage !== 0 || before) return
      // As after the process was suspended in the middle of this stage.
      writeFileSync(others, JSON.stringify({ machine: 'other', pid: 1 }))
      before = files()
    },
    onOther() {
      waited++
      expect(files()).toEqual(before)
      writeFileSync(path.join(run.chunkFolder, path.basename(made)), readFileSync(made))
      rmSync(others)
    },
  })
  const found = []
  for await (const { index, isNew, file } of chunks) {
    found.push([index, isNew])
    if (index === 0) continue
    expect(readFileSync(file)).toEqual(readFileSync(made))
    break
  }
  expect(found).toEqual([
    [0, true],
    [1, false],
  ])
  expect([stages, waited]).toEqual([['claimed', '0/0', '0/1', '1/0', 'claimed'], 1])
  expect(readdirSync(run.chunkFolder).filter((name) => name.includes('claim'))).toEqual([])
})

test('a damaged chunk is named; once removed, it is made again as it was', async () => {
  const damaged = inputs('damaged')
  const { chunks } = await sample(damaged, 3)
  const [, file = ''] = chunks.map((chunk) => chunk.file)
  const content = readFileSync(file)
  writeFileSync(file, content.subarray(0, 200))
  const again = sampleLong(planLongRun(damaged), damaged)
  await again.next()
  await expect(again.next()).rejects.toThrow(/chunk_000001.npy is truncated.*; remove it/)
  rmSync(file)
  expect((await sample(damaged, 3)).chunks.map(({ isNew }) => isNew)).toEqual([false, true, false])
  expect(readFileSync(file)).toEqual(content)
})

test('without given frames the first chunk is made up as a whole', async () => {
  const { chunks } = await sample(inputs('none', { n_obs: 0 }), 2)
  expect(chunks.map(({ frames }) => frames)).toEqual([
    [0, 8],
    [8, 12],
  ])
})

test('chunks after one another have noise of their own', async () => {
  const blind = inputs('noise', { n_obs: 0 })
  const checkpoint = { ...blind.checkpoint, model: { ...blind.checkpoint.model } }
  const conditioned = () => (x: Parameters<typeof tf.tanh>[0]) => tf.tanh(x)
  Object.assign(checkpoint.model, { with: () => ({ conditioned }) })
  const { chunks } = await sample({ ...blind, checkpoint }, 3)
  const last = chunks.map(({ file }) => readSample(file)).map((film) => String(frameOfFilm(film, 3)))
  expect(new Set(last).size).toBe(3)
})

test('chunks are joined to one film, cut to a length', async () => {
  const { chunks } = await sample(inputs('joined'), 2)
  const films = chunks.map(({ file }) => readSample(file))
  const file = path.join(folder, 'film.npy')
  joinChunks(file, films, 6)
  const film = readSample(file)
  expect(film.shape).toEqual([6, SIZE, SIZE, 3])
  expect(frameOfFilm(film, 5)).toEqual(frameOfFilm(films[1] ?? film, 1))
  expect(() => joinChunks(file, films, 9)).toThrow(/1 of 9/)
})

test('what does not fit is said before any work', () => {
  for (const [options, message] of [
    [{ eta: 0.5 }, /--use_ddim/],
    [{ start_index: 9 }, /no video 9 to start from: there are 9/],
    [{ max_latent_frames: 4 }, /no room/],
    [{ length: 5 }, /nothing to sample: --length 5 is reached by the 5 given frames/],
  ] as const) {
    expect(() => planLongRun(inputs('b', options))).toThrow(message)
    expect(() => planLongRun(inputs('b', options))).toThrow(UserError)
  }
})

test('chunks of another length are refused', async () => {
  const long = inputs('other')
  await sample(long, 1)
  const run = planLongRun(long)
  const other = { ...run, chunk: planLongRun({ ...long, chunkLength: 10 }).chunk }
  await expect(sampleLong(other, long).next()).rejects.toThrow(/chunk_000000.npy has 4 frames; .* has 5/)
})
