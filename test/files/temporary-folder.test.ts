import { existsSync, rmSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { temporaryFolder } from '../../src/files/temporary-folder.js'

afterEach(() => vi.unstubAllEnvs())

test('a place for temporary files that takes none is named', () => {
  const folder = temporaryFolder('fdm-test-')
  expect(existsSync(folder)).toBe(true)
  rmSync(folder, { recursive: true })
  vi.stubEnv('TMPDIR', `${folder}/gone`)
  expect(() => temporaryFolder('fdm-test-')).toThrow(UserError)
  expect(() => temporaryFolder('fdm-test-')).toThrow(/made in .*\/gone: it does not exist; .* TMPDIR$/)
})
