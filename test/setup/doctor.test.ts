import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { availableBackends } from '../helpers/backends.js'
import { examine } from '../../src/setup/doctor.js'
import { temporaryFolder } from './fakes.js'

it('looks at everything and advises on what is not well', async () => {
  const checks = await examine()
  const names = checks.map(({ name }) => name)
  const expected = ['Node', 'backend', 'TensorFlow', 'devices', 'ffmpeg', 'pip', 'C++ compiler', 'disk here']
  expect(names).toEqual(expect.arrayContaining(expected))
  for (const { name, status, detail, advice } of checks) {
    expect(detail).not.toBe('')
    if (status === 'missing') expect(advice, name).toBeDefined()
  }
  const tensorflow = checks.find(({ name }) => name === 'TensorFlow')
  expect(tensorflow?.status).toBe(availableBackends().includes('tensorflow') ? 'ok' : 'missing')
})

it('says how to get what is missing', async () => {
  const empty = temporaryFolder()
  vi.stubEnv('PATH', empty)
  vi.stubEnv('FFMPEG_PATH', path.join(empty, 'ffmpeg'))
  vi.stubEnv('CXX', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  const checks = await examine(path.join(empty, 'not/yet/there'))
  const advice = (wanted: string) => checks.find(({ name }) => name === wanted)?.advice
  expect(advice('pip')).toContain('python3-pip')
  expect(advice('C++ compiler')).toContain('g++')
  expect(advice('ffmpeg')).toContain('FFMPEG_PATH')
})
