import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { findFfmpeg, setupFfmpeg } from '../../src/setup/ffmpeg.js'
import { temporaryFolder, writePip, writeProgram, zip } from './fakes.js'

/** An ffmpeg installed by ffmpeg-static comes before all but FFMPEG_PATH. */
const packaged = findFfmpeg({ PATH: '', FDM_CACHE_DIR: '/nonexistent' })

it('takes FFMPEG_PATH first', () => {
  const [mine, system] = [temporaryFolder(), temporaryFolder()]
  const program = writeProgram(mine, 'my-ffmpeg', '')
  writeProgram(system, 'ffmpeg', '')
  expect(findFfmpeg({ FFMPEG_PATH: program, PATH: system })).toBe(program)
})

it('complains about a FFMPEG_PATH that does not run', () => {
  const program = writeProgram(temporaryFolder(), 'ffmpeg', 'process.exit(1)')
  expect(() => findFfmpeg({ FFMPEG_PATH: program })).toThrow(program)
})

it.skipIf(packaged)('takes the first on the PATH that runs', () => {
  const [broken, system] = [temporaryFolder(), temporaryFolder()]
  writeFileSync(path.join(broken, 'ffmpeg'), 'not a program')
  chmodSync(path.join(broken, 'ffmpeg'), 0o755)
  const program = writeProgram(system, 'ffmpeg', '')
  expect(findFfmpeg({ PATH: `${broken}:${system}` })).toBe(program)
})

it.skipIf(packaged)('passes over a folder that cannot be looked into', () => {
  const cache = temporaryFolder()
  writeFileSync(path.join(cache, 'ffmpeg-imageio-0.6'), 'not a folder')
  expect(findFfmpeg({ PATH: '', FDM_CACHE_DIR: cache })).toBeUndefined()
})

it.skipIf(packaged)('fetches one when there is none, once', async () => {
  const [tools, cache] = [temporaryFolder(), temporaryFolder()]
  const script = `#!${process.execPath}\n`
  const entries = { 'imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v7': script, 'imageio_ffmpeg/core.py': '' }
  writePip(tools, { 'imageio-ffmpeg': zip(entries) })
  vi.stubEnv('PATH', tools)
  onTestFinished(() => void vi.unstubAllEnvs())
  const env = { PATH: tools, FDM_CACHE_DIR: cache }
  expect(findFfmpeg(env)).toBeUndefined()
  const lines: string[] = []
  const program = await setupFfmpeg({ env, onProgress: (line) => lines.push(line) })
  expect(lines).toHaveLength(1)
  expect(existsSync(program)).toBe(true)
  expect(findFfmpeg(env)).toBe(program)
  expect(readdirSync(path.dirname(program))).toEqual([path.basename(program)])
  expect(await setupFfmpeg({ env, onProgress: (line) => lines.push(line) })).toBe(program)
  expect(lines).toHaveLength(1)
})
