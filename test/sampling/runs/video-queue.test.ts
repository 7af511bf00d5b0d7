import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Claims } from '../../../src/claims/claims.js'
import { videoQueue } from '../../../src/sampling/runs/video-queue.js'
import { temporaryFolders } from '../../data/temporary.js'

const newFolder = temporaryFolders()

test('a video that another process finishes between the look and the claim is found, not taken', () => {
  const folder = newFolder()
  const fileOf = (video: number) => path.join(folder, String(video))
  const isDone = (video: number) => existsSync(fileOf(video))
  const released: string[] = []
  const claim = (name: string) => {
    if (name === '1') writeFileSync(fileOf(1), '')
    return { isHeld: () => true, release: () => void released.push(name) }
  }
  const claims: Claims = { claim, look: () => claim, close: () => Promise.resolve() }
  const options = { claims, nameOf: String, isDone, tidy: () => undefined, lookForUntidy: () => () => false }
  const queue = videoQueue([0, 1, 2], options)
  const { taken, found } = queue.take(2)
  expect(taken.map(({ video }) => video)).toEqual([0, 2])
  expect(found).toEqual([1])
  expect(released).toEqual(['1'])
  expect(queue.left).toEqual([])
  expect(existsSync(fileOf(1))).toBe(true)
})

test('what is to be tidied is looked for once for all that are found', () => {
  const [folder, tidied, looks] = [newFolder(), [] as number[], [] as string[]]
  const claim = () => ({ isHeld: () => true, release: () => undefined })
  const claims: Claims = { claim, look: () => claim, close: () => Promise.resolve() }
  const fileOf = (video: number) => path.join(folder, String(video))
  for (const video of [0, 1, 2]) writeFileSync(fileOf(video), '')
  const queue = videoQueue([0, 1, 2, 3, 4], {
    claims,
    nameOf: String,
    isDone: (video) => existsSync(fileOf(video)),
    tidy: (video) => void tidied.push(video),
    lookForUntidy() {
      looks.push('look')
      return (video) => video === 1
    },
  })
  expect(queue.take(1).found).toEqual([0, 1, 2])
  expect(tidied).toEqual([1])
  expect(looks).toEqual(['look'])
  queue.take(1)
  expect(looks).toEqual(['look'])
})
