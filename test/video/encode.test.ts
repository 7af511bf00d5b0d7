import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { UserError } from '../../src/errors.js'
import { findFfmpeg } from '../../src/setup/ffmpeg.js'
import { encodeFilm, type FilmFormat } from '../../src/video/encode.js'
import { film, pixel } from './films.js'

const program = findFfmpeg()
const folder = mkdtempSync(path.join(tmpdir(), 'encode-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Blocks that move, large enough to survive shared colours and compression; 33 x 21 pixels. */
const made = film(12, 21, 33, (t, y, x) => [20 * t, y < 10 ? 220 : 40, (x + t) % 33 < 16 ? 200 : 30])

test.skipIf(!program).each<FilmFormat>(['mp4', 'webm', 'avi'])('%s', async (format) => {
  const file = path.join(folder, 'new', `film.${format}`)
  await encodeFilm(made, { file, format, fps: 10, program: program ?? '' })
  expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith('.'))).toEqual([])

  const { stdout, stderr } = spawnSync(
    program ?? '',
    ['-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
    {
      maxBuffer: 1e8,
    },
  )
  const said = stderr.toString()
  expect(said).toMatch(/34x22/)
  expect(said).toMatch(/ 10 fps/)
  expect(said).toMatch(/yuvj?420p/)
  expect(stdout.length).toBe(12 * 22 * 34 * 3)
  const decoded = { shape: [12, 22, 34, 3] as const, data: new Uint8Array(stdout) }
  for (const t of [0, 6, 11])
    for (const [y, x] of [
      [4, 3],
      [15, 3],
      [4, 29],
      [15, 29],
    ] as const) {
      const apart = pixel(decoded, t, y, x).map((value, c) =>
        Math.abs(value - (pixel(made, t, y, x)[c] ?? 0)),
      )
      expect(Math.max(...apart)).toBeLessThan(30)
    }
})

test.skipIf(!program)('an mp4 begins with what a player needs first', async () => {
  const file = path.join(folder, 'fast.mp4')
  await encodeFilm(made, { file, format: 'mp4', fps: 10, program: program ?? '' })
  const bytes = readFileSync(file)
  expect(bytes.indexOf('moov')).toBeGreaterThan(0)
  expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
})

test('a program that fails is an error that names the film, and leaves nothing', async () => {
  const file = path.join(folder, 'failed', 'film.mp4')
  const failing = encodeFilm(made, { file, format: 'mp4', fps: 10, program: '/bin/false' })
  await expect(failing).rejects.toThrow(UserError)
  await expect(failing).rejects.toThrow(/film.mp4 could not be made/)
  expect(existsSync(path.dirname(file))).toBe(false)
})
