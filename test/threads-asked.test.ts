import { afterEach, expect, test, vi } from 'vitest'
import { startRuntime } from '../src/runtime/start.js'
import { threadsAsked } from '../src/threads-asked.js'

afterEach(() => vi.unstubAllEnvs())

test.each(['abc', '-1', '0', '1.5'])(
  'FDM_THREADS=%s is an error before anything is computed',
  async (value) => {
    vi.stubEnv('FDM_THREADS', value)
    await expect(startRuntime({ backend: 'wasm' })).rejects.toThrow(
      `the variable FDM_THREADS takes an integer of at least 1, not "${value}"`,
    )
  },
)

test('FDM_THREADS says how many threads, or nothing', () => {
  vi.stubEnv('FDM_THREADS', '3')
  expect(threadsAsked()).toBe(3)
  vi.stubEnv('FDM_THREADS', '')
  expect(threadsAsked()).toBeUndefined()
})
