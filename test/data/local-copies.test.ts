import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync, mkdirSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import { expect, test } from 'vitest'
import { localCopies } from '../../src/data/local-copies.js'
import { spawnModule } from '../helpers/spawn-module.js'
import { temporaryFolders, writeVideo } from './temporary.js'

const newFolder = temporaryFolders()
const VIDEOS = 12

test('two processes that fill DATA_ROOT at once read the same, and leave whole files and nothing else', async () => {
  const [root, dataRoot] = [newFolder(), newFolder()]
  const place = 'datasets/gqn_mazes-torch/train'
  let sum = 0
  for (let i = 0; i < VIDEOS; i++) {
    const video = writeVideo(path.join(root, place, `${i}.npy`), 200, 16, i)
    sum = video.reduce((total, value) => total + value, sum)
  }
  // What a killed process of this machine left is removed on the way; a copy of an older file is replaced.
  mkdirSync(path.join(dataRoot, place), { recursive: true })
  writeFileSync(path.join(dataRoot, place, '3.npy'), 'old')
  const module = new URL('./child-copy.ts', import.meta.url)
  const env = { FDM_CHILD_COPY: JSON.stringify({ root, dataRoot }) }
  const children = [1, 2].map(() => spawnModule(module, env))
  const outputs = children.map((child) => {
    let text = ''
    child.stdout.on('data', (data: Buffer) => (text += data.toString()))
    child.stderr.on('data', (data: Buffer) => (text += data.toString()))
    return { text: () => text, ended: once(child, 'close') }
  })
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  for (const child of children) child.kill('SIGUSR2')
  await Promise.all(outputs.map(({ ended }) => ended))
  for (const { text } of outputs) expect(text()).toBe(`ready\nsum ${sum}\n`)
  const copies = path.join(dataRoot, place)
  expect(readdirSync(copies).length).toBe(VIDEOS)
  for (const name of readdirSync(copies))
    expect(readFileSync(path.join(copies, name)).equals(readFileSync(path.join(root, place, name)))).toBe(
      true,
    )
})

test('a copy is taken as it is until its source has another size or another time', async () => {
  const [root, dataRoot] = [newFolder(), newFolder()]
  const source = path.join(root, 'a.npy')
  writeFileSync(source, 'one')
  const local = localCopies(dataRoot, root)
  const copy = await local(source)
  const { atime, mtime } = statSync(source)
  writeFileSync(copy, 'two')
  utimesSync(copy, atime, mtime)
  await local(source)
  expect(readFileSync(copy, 'utf8')).toBe('two')
  utimesSync(source, atime, new Date(mtime.getTime() + 2000))
  await local(source)
  expect(readFileSync(copy, 'utf8')).toBe('one')
})
