import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Claims } from '../../src/claims/claims.js'
import { videoQueue } from '../../src/sampling/video-queue.js'
import { temporaryFolders } from '../data/temporary.js'

const newFolder = temporaryFolders()

test('a video that another process finishes between the look and the claim is found, not taken', () => {
  const folder = newFolder()
  const fileOf = (video: number) => path.join(folder, String(video))
  const released: string[] = []
  const claims: Claims = {
    claim(name) {
      if (name === '1') writeFileSync(fileOf(1), '')
      return { isHeld: () => true, release: () => void released.push(name) }
    },
    close: () => Promise.resolve(),
  }
  const options = { claims, nameOf: String, fileOf, tidy: () => undefined, isUntidy: () => false }
  const queue = videoQueue([0, 1, 2], options)
  const { taken, found } = queue.take(2)
  expect(taken.map(({ video }) => video)).toEqual([0, 2])
  expect(found).toEqual([1])
  expect(released).toEqual(['1'])
  expect(queue.left).toEqual([])
  expect(existsSync(fileOf(1))).toBe(true)
})
