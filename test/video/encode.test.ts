import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { Film } from '../../src/sampling/videos/video-batch.js'
import { findFfmpeg } from '../../src/setup/ffmpeg.js'
import { encodeFilm, type FilmFormat } from '../../src/video/encode.js'
import { framesOf, type FilmFrames } from '../../src/video/film-frames.js'
import { film, pixel } from './films.js'

const program = findFfmpeg()
const folder = mkdtempSync(path.join(tmpdir(), 'encode-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Blocks that move, large enough to survive shared colours and compression; 33 x 21 pixels. */
const made = film(12, 21, 33, (t, y, x) => [20 * t, y < 10 ? 220 : 40, (x + t) % 33 < 16 ? 200 : 30])

interface Decoded {
  readonly film: Film
  /** What ffmpeg says of it. */
  readonly said: string
}

function decode(file: string, [, H, W]: Film['shape']): Decoded {
  const accurate = ['-sws_flags', 'bicubic+accurate_rnd+full_chroma_int']
  const raw = ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']
  const { stdout, stderr } = spawnSync(program ?? '', ['-i', file, ...accurate, ...raw], { maxBuffer: 1e8 })
  const frame = H * W * 3
  expect(stdout.length % frame).toBe(0)
  const shape = [stdout.length / frame, H, W, 3] as const
  return { film: { shape, data: new Uint8Array(stdout) }, said: stderr.toString() }
}

/** Mean and largest difference of the pixels that a film has, which another that is larger should have too. */
function differences(one: Film, other: Film): { mean: number; most: number } {
  const [T, H, W] = one.shape
  const apart: number[] = []
  for (let t = 0; t < T; t++)
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++) {
        const there = pixel(other, t, y, x)
        apart.push(...pixel(one, t, y, x).map((value, c) => Math.abs(value - (there[c] ?? NaN))))
      }
  return { mean: apart.reduce((sum, value) => sum + value, 0) / apart.length, most: Math.max(...apart) }
}

describe.skipIf(!program).each<FilmFormat>(['mp4', 'webm', 'avi'])('%s', (format) => {
  const encoded = async (name: string, film: Film, fps = 10) => {
    const file = path.join(folder, 'new', `${name}.${format}`)
    await encodeFilm(framesOf(film), { file, format, fps, program: program ?? '' })
    expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith('.'))).toEqual([])
    return file
  }

  test('has the frames, the rate and the colours', async () => {
    const { film: decoded, said } = decode(await encoded('film', made), [0, 22, 34, 3])
    expect(decoded.shape).toEqual([12, 22, 34, 3])
    expect(said).toMatch(/34x22/)
    expect(said).toMatch(/ 10 fps/)
    expect(said).toMatch(/Duration: 00:00:01.20/)
    expect(said).toMatch(/yuvj?420p/)
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

  test('says which colours its numbers stand for, and no channel is off', async () => {
    const colours = film(2, 32, 32, (_, y, x) =>
      x < 16 ? [200, 40, 90] : y < 16 ? [20, 180, 60] : [0, 0, 0],
    )
    const { film: decoded, said } = decode(await encoded('colours', colours), [0, 32, 32, 3])
    expect(said).toMatch(format === 'avi' ? /yuvj420p\(pc, bt470bg/ : /yuv420p\(tv, bt709/)
    for (const [y, x] of [
      [16, 5],
      [5, 26],
      [26, 26],
    ] as const)
      pixel(decoded, 1, y, x).forEach((value, c) =>
        expect(Math.abs(value - (pixel(colours, 1, y, x)[c] ?? NaN))).toBeLessThanOrEqual(4),
      )
  })

  // Gradual colours, which lose nothing by being shared: what is added to an odd size must not get into them.
  test.each([
    [1, 33, 31],
    [3, 32, 31],
    [2, 21, 64],
  ])('%i frames of %i x %i pixels, to their edges', async (T, H, W) => {
    const gradual = film(T, H, W, (t, y, x) => [4 * x, 5 * y, 100 + 10 * t])
    const even = [0, H + (H % 2), W + (W % 2), 3] as const
    const { film: decoded } = decode(await encoded('odd', gradual), even)
    expect(decoded.shape[0]).toBe(T)
    const { mean, most } = differences(gradual, decoded)
    expect(mean).toBeLessThan(3)
    expect(most).toBeLessThan(20)
  })

  test('of a single pixel, and of another rate', async () => {
    const { film: decoded, said } = decode(
      await encoded(
        'pixel',
        film(3, 1, 1, (t) => [100 * t, 50, 200]),
        7.5,
      ),
      [0, 2, 2, 3],
    )
    expect(said).toMatch(/ 7.50? fps/)
    expect([0, 1, 2].map((t) => Math.round((pixel(decoded, t, 0, 0)[0] ?? NaN) / 10))).toEqual([0, 10, 20])
  })

  test('takes the place of an older one', async () => {
    const file = await encoded('again', film(5, 8, 8))
    await encoded('again', film(2, 8, 8))
    expect(decode(file, [0, 8, 8, 3]).film.shape[0]).toBe(2)
  })
})

test.skipIf(!program)('an mp4 begins with what a player needs first', async () => {
  const file = path.join(folder, 'fast.mp4')
  await encodeFilm(framesOf(made), { file, format: 'mp4', fps: 10, program: program ?? '' })
  const bytes = readFileSync(file)
  expect(bytes.indexOf('moov')).toBeGreaterThan(0)
  expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
})

test('a program that fails is an error that names the film, and leaves nothing', async () => {
  const file = path.join(folder, 'failed', 'film.mp4')
  const failing = encodeFilm(framesOf(made), { file, format: 'mp4', fps: 10, program: '/bin/false' })
  await expect(failing).rejects.toThrow(UserError)
  await expect(failing).rejects.toThrow(/film.mp4 could not be made/)
  expect(existsSync(path.dirname(file))).toBe(false)
})

test.skipIf(!program)('a film that cannot be put where it should be leaves nothing', async () => {
  const file = path.join(folder, 'taken', 'film.mp4')
  mkdirSync(file, { recursive: true })
  const encoding = encodeFilm(framesOf(film(1, 8, 8)), {
    file,
    format: 'mp4',
    fps: 10,
    program: program ?? '',
  })
  await expect(encoding).rejects.toThrow(`could not write ${file}: it is a folder`)
  expect(readdirSync(path.dirname(file))).toEqual(['film.mp4'])
})

test.skipIf(!program)('stops between frames when it is told to, and leaves nothing', async () => {
  const temporary = path.join(folder, 'temporary')
  mkdirSync(temporary)
  vi.stubEnv('TMPDIR', temporary)
  try {
    const file = path.join(folder, 'stopped', 'film.mp4')
    const controller = new AbortController()
    let frames = 0
    const endless: FilmFrames = {
      shape: [1e6, 64, 64, 3],
      frame() {
        if (++frames === 5) setImmediate(() => controller.abort())
        return new Uint8Array(64 * 64 * 3)
      },
    }
    const { signal } = controller
    const encoding = encodeFilm(endless, { file, format: 'mp4', fps: 10, program: program ?? '', signal })
    await expect(encoding).rejects.toThrow(/abort/)
    expect(frames).toBeLessThan(1e6)
    expect([existsSync(path.dirname(file)), readdirSync(temporary)]).toEqual([false, []])
    // Before it has begun.
    await expect(
      encodeFilm(endless, { file, format: 'mp4', fps: 10, program: program ?? '', signal }),
    ).rejects.toThrow(/abort/)
  } finally {
    vi.unstubAllEnvs()
  }
})
