import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { commands } from '../../scripts/commands.js'
import { runProgram } from '../../scripts/program.js'
import { UserError } from '../../src/errors.js'
import { temporaryFolders, writeVideo } from '../data/temporary.js'

const newFolder = temporaryFolders()

/** What `fdm data <words>` prints, and the error that it ends with. */
async function run(...words: readonly string[]) {
  const lines: string[] = []
  const bar = { update: () => undefined, clear: () => undefined, stop: () => undefined }
  const terminal = {
    signal: new AbortController().signal,
    log: (line: string) => lines.push(line),
    progress: () => bar,
  }
  const error: unknown = await runProgram(commands, ['data', ...words], terminal).catch(
    (reason: unknown) => reason,
  )
  if (error !== undefined) expect(error).toBeInstanceOf(UserError)
  return { lines, error: error instanceof UserError ? error.message : undefined }
}

function carlaFolder(): string {
  const folder = newFolder()
  for (let i = 0; i < 4; i++) writeVideo(path.join(folder, `video_${i}.pt`), 5 + i, 16, 50 * i)
  writeFileSync(path.join(folder, 'video_train.csv'), ',path\n0,video_0.pt\n1,video_1.pt\n2,video_2.pt\n')
  writeFileSync(path.join(folder, 'video_test.csv'), ',path\n3,video_3.pt\n')
  return folder
}

const check = (folder: string, ...more: readonly string[]) =>
  run(
    'check',
    '--dataset',
    'toy_town',
    '--data_dir',
    folder,
    '--T',
    '5',
    '--image_size',
    '16',
    '--sheet',
    path.join(folder, 'sheet.png'),
    ...more,
  )

describe('check', () => {
  test('says what is there and draws it', async () => {
    const folder = carlaFolder()
    const { lines, error } = await check(folder)
    expect(error).toBeUndefined()
    expect(lines).toEqual([
      'train: 3 videos of 5 to 7 frames, 18 in all; each uint8 (T, 16, 16, 3)',
      'test: 1 video of 8 frames, 8 in all; each uint8 (T, 16, 16, 3)',
      `what it looks like: ${path.join(folder, 'sheet.png')}`,
      'nothing is wrong',
    ])
    const { width, height } = PNG.sync.read(readFileSync(path.join(folder, 'sheet.png')))
    expect([width, height]).toEqual([8 * 16, 4 * 16])
  })

  test('names what is damaged, inside files too, and fails', async () => {
    const folder = carlaFolder()
    const file = path.join(folder, 'video_1.pt')
    const bytes = readFileSync(file)
    bytes.fill(99, 2000, 2005)
    writeFileSync(file, bytes)
    truncateSync(path.join(folder, 'video_2.pt'), 1000)
    const { lines, error } = await check(folder)
    expect(error).toBe('2 videos of data set toy_town cannot be used')
    expect(lines[0]).toBe('train: 1 video of 5 frames, 5 in all; each uint8 (T, 16, 16, 3)')
    expect(
      lines.filter((line) => line.startsWith('train: bad: ')).map((line) => /video_\d/.exec(line)?.[0]),
    ).toEqual(['video_2', 'video_1'])
    // The first and the last frame alone do not tell.
    expect((await check(folder, '--quick')).error).toMatch(/^1 video of/)
    const { lines: json } = await check(folder, '--json')
    expect(json).toHaveLength(1)
    expect(JSON.parse(json[0] ?? '')).toMatchObject({
      splits: [
        { videos: 1, bad: [{}, {}] },
        { videos: 1, bad: [] },
      ],
    })
  })

  test('notices videos in both splits, and those that do not move', async () => {
    const folder = carlaFolder()
    writeFileSync(path.join(folder, 'video_test.csv'), ',path\n3,video_3.pt\n4,video_0.pt\n')
    expect(await check(folder, '--split', 'test')).toMatchObject({ error: undefined })
    const { lines, error } = await check(folder)
    expect(lines).toContain('in both splits: video_0.pt')
    expect(error).toBe('1 video in both splits')
  })

  test('notes that the only video of a folder is in both splits', async () => {
    const folder = newFolder()
    writeVideo(path.join(folder, 'only.npy'), 5, 16)
    const words = ['--dataset', 'folder', '--data_dir', folder, '--T', '5', '--image_size', '16']
    const checkOnly = (...more: string[]) =>
      run('check', ...words, '--sheet', path.join(newFolder(), 'sheet.png'), ...more)
    const { lines, error } = await checkOnly()
    expect(error).toBeUndefined()
    const note = `${path.join(folder, 'only.npy')} is the only video: it is both trained on and tested on`
    expect(lines.filter((line) => line.startsWith('note: '))).toEqual([
      expect.stringContaining(`note: ${note}`),
    ])
    expect(lines.at(-1)).toBe('nothing else is wrong')
    expect(JSON.parse((await checkOnly('--json')).lines[0] ?? '')).toMatchObject({
      notes: [expect.stringContaining(note)],
    })
    writeVideo(path.join(folder, 'other.npy'), 5, 16)
    expect((await checkOnly()).lines.at(-1)).toBe('nothing is wrong')
  })

  test('says which numbers are missing', async () => {
    const folder = newFolder()
    for (const file of ['train/0', 'test/0', 'test/2']) writeVideo(path.join(folder, `${file}.npy`), 5, 16)
    const mazes = ['--dataset', 'mazes_cwvae', '--data_dir', folder, '--T', '5', '--image_size', '16']
    const { lines, error } = await run('check', ...mazes, '--sheet', path.join(folder, 'sheet.png'))
    expect(error).toBe('1 video of data set mazes_cwvae cannot be used')
    expect(lines).toContain(
      `test: bad: ${folder}/test has no 1.npy, but 2.npy: its videos are numbered from 0 without gaps`,
    )
  })

  test('says why no video can be used', async () => {
    expect((await check(carlaFolder(), '--T', '0')).error).toMatch(
      /^--T takes -1 or a number of frames, not 0/,
    )
    expect((await check(carlaFolder(), '--image_size', '0')).error).toMatch(/^--image_size takes an integer of at least 1/) // prettier-ignore
    expect((await check(carlaFolder(), '--T', '50')).error).toMatch(
      /no train videos that can be used.*video_0\.pt has 5 frames/,
    )
  })
})

test('groups of commands say what is wrong', async () => {
  expect((await run()).error).toBe('no command given: see fdm data --help')
  expect((await run('chek')).error).toMatch(
    /unknown command 'chek'.*(Did you mean check|see fdm data --help)/,
  )
  expect((await run('split', '--foo', '1')).error).toBe("unknown option '--foo': see fdm data split --help")
  expect((await run('check')).error).toBe('--dataset is required: see fdm data check --help')
  expect((await run('download', 'cats')).error).toMatch(
    /nothing to fetch by the name cats: choose one of carla, /,
  )
})

test('download shows what it would fetch', async () => {
  const root = newFolder()
  const { lines } = await run(
    'download',
    'carla-regressors',
    '--root',
    root,
    '--dry-run',
    '--mirror',
    'https://example.org/a/',
  )
  expect(lines).toEqual(
    ['classifier', 'regressor'].map(
      (name) =>
        `https://example.org/a/${name}_checkpoint.pth -> ${root}/checkpoints/carla-regressor/${name}_checkpoint.pth`,
    ),
  )
  expect(existsSync(path.join(root, 'checkpoints'))).toBe(false)
  expect((await run('download', 'carla', '--root', root, '--mirror', 'nowhere')).error).toMatch(
    /--mirror takes an address/,
  )
})
